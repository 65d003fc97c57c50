"""Networks learn from the training photos; validation stops, calibrates and chooses them."""

import logging
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from triptych.classification.sampling import draw_rows
from triptych.execution.parallel import run_networks
from triptych.parameters.vision import VisionParameters
from triptych.vision import metrics
from triptych.vision.ablation import TRIAL_COLUMNS, Trial, list_trials, summarise_trials
from triptych.vision.classifier import (
    Member,
    NetworkMember,
    PhotoClassifier,
    learn_temperature,
    log_loss,
)
from triptych.vision.colour_baseline import CHANNELS, JOINT, ColourClassifier
from triptych.vision.pixel_store import PhotoPixels
from triptych.vision.reading import CLASSES
from triptych.vision.training import (
    EPOCH_COLUMNS,
    TrainedNetwork,
    TrainingPhotos,
    train_network,
)

logger = logging.getLogger(__name__)

COLOURS = {"colour_histogram": CHANNELS, "colour_joint": JOINT}  # the baselines
BLEND = "blend"


def train_classifiers(
    selected_photos: pd.DataFrame,
    photo_pixels: PhotoPixels,
    weight_folders: list[Path],
    vision: VisionParameters,
    seed: int,
) -> dict[str, Any]:
    """Train the colour baselines and every network, some at once, and their blend.

    Returns:
        `trained_photo_models`: PhotoClassifiers by name; `photo_curves`: model and
        training.EPOCH_COLUMNS; `photo_timings`: model, seconds (on one core).

    Raises:
        WeightsError: pretrained weights are missing, or are not those of the network.
    """
    data = _training_photos(selected_photos, photo_pixels, vision.classes)
    members: dict[str, Member] = {}
    seconds, curves = {}, []
    for name, grids in COLOURS.items():
        started = time.perf_counter()
        learned = photo_pixels.photos, data.learn, data.labels[data.learn]
        members[name] = ColourClassifier.fit(grids, *learned)
        seconds[name] = time.perf_counter() - started
    for name, trained in zip(
        vision.networks, _train_all(data, weight_folders, vision, seed), strict=True
    ):
        members[name] = NetworkMember(trained.settings, trained.weights, vision.turns)
        seconds[name] = trained.seconds
        curves.append(pd.DataFrame(trained.epochs, columns=list(EPOCH_COLUMNS)).assign(model=name))
        logger.info("Trained %s: %s epochs in %.0f s", name, len(trained.epochs), trained.seconds)
    models = _classifiers(members, data, vision)
    if BLEND in models:
        seconds[BLEND] = sum(seconds[name] for name in vision.blend)
    return {
        "trained_photo_models": models,
        "photo_curves": pd.concat(curves)[["model", *EPOCH_COLUMNS]],
        "photo_timings": pd.DataFrame(seconds.items(), columns=["model", "seconds"]),
    }


def choose_classifier(
    trained_photo_models: dict[str, PhotoClassifier],
    selected_photos: pd.DataFrame,
    photo_pixels: PhotoPixels,
) -> dict[str, Any]:
    """Rank the classifiers by their log loss on validation; nothing is judged on test yet.

    Returns:
        `photo_ranking`: names, best first; `photo_validation`: metrics.predictions_table of the
        validation split.
    """
    rows = np.flatnonzero(selected_photos["split"] == "valid")
    truth = selected_photos.iloc[rows]
    losses, tables = {}, []
    for name, model in trained_photo_models.items():
        chances = model.row_probabilities(photo_pixels.photos, rows)
        losses[name] = log_loss(chances, truth["number"].to_numpy())
        tables.append(metrics.predictions_table(name, truth, chances, model.classes))
    ranking = sorted(losses, key=lambda name: (round(losses[name], 9), name))
    logger.info("Chosen on validation: %s (log loss %.3f)", ranking[0], losses[ranking[0]])
    return {"photo_ranking": ranking, "photo_validation": pd.concat(tables, ignore_index=True)}


def run_experiments(
    selected_photos: pd.DataFrame, photo_pixels: PhotoPixels, vision: VisionParameters, seed: int
) -> dict[str, pd.DataFrame]:
    """Change one thing of a network at a time, with several seeds, judged on validation.

    Returns:
        `photo_trials`: ablation.TRIAL_COLUMNS; `photo_effects`: what each change did, beside
        what the seed does; `photo_trial_runs`: all figures, for nested MLflow runs.
    """
    study = vision.experiments
    trials = list_trials(study.base, study.grid, range(seed, seed + study.seeds))
    data = _training_photos(selected_photos, photo_pixels, vision.classes)
    size = study.photos or len(data.learn)
    few = TrainingPhotos(
        data.pixels, data.learn[draw_rows(data.labels[data.learn], size, seed)], data.judge,
        data.labels, data.classes,
    )  # fmt: skip
    logger.info("Experiments: %s trainings on %s photos", len(trials), f"{len(few.learn):,}")
    rows, logged = [], []
    tasks = [partial(train_network, trial.settings, few, trial.seed) for trial in trials]
    for trial, trained in zip(trials, run_networks(tasks, vision.jobs), strict=True):
        best = min(trained.epochs, key=lambda epoch: epoch[3])  # the one whose weights are kept
        rows.append((
            trial.factor, trial.level, trial.seed, len(trained.epochs), best[4], best[3],
            trained.seconds,
        ))  # fmt: skip
        logged += list(_logged(trial, trained))
        logger.info(
            "Experiment %s of %s: %s, %s: %.1f %%",
            *(len(rows), len(trials), trial.factor, trial.level, 100 * best[4]),
        )
    table = pd.DataFrame(rows, columns=list(TRIAL_COLUMNS))
    return {
        "photo_trials": table,
        "photo_effects": summarise_trials(table),
        "photo_trial_runs": pd.DataFrame(logged, columns=["run", "kind", "key", "value", "step"]),
    }


def _train_all(
    data: TrainingPhotos, folders: list[Path], vision: VisionParameters, seed: int
) -> Iterator[TrainedNetwork]:
    tasks = [
        partial(train_network, settings, data, seed, folders=folders, name=name)
        for name, settings in vision.networks.items()
    ]
    return run_networks(tasks, vision.jobs)


def _training_photos(photos: pd.DataFrame, pixels: PhotoPixels, classes: int) -> TrainingPhotos:
    learn, judge = (np.flatnonzero(photos["split"] == split) for split in ("train", "valid"))
    return TrainingPhotos(pixels, learn, judge, photos["number"].to_numpy(np.int64), classes)


def _classifiers(
    members: dict[str, Member], data: TrainingPhotos, vision: VisionParameters
) -> dict[str, PhotoClassifier]:
    """Each member by itself, and some together if the blend names them; each calibrated."""
    groups = {name: [member] for name, member in members.items()}
    if vision.blend:
        groups[BLEND] = [members[name] for name in vision.blend]
    models = {}
    for name, group in groups.items():
        plain = PhotoClassifier(
            list(CLASSES[: vision.classes]), vision.pixels, vision.max_side, group
        )
        chances = plain.row_probabilities(data.pixels.photos, data.judge)
        temperature = learn_temperature(chances, data.labels[data.judge])
        models[name] = PhotoClassifier(
            plain.classes, plain.pixels, plain.max_side, group, temperature
        )
    return models


def _logged(trial: Trial, trained: TrainedNetwork) -> Iterator[tuple[Any, ...]]:
    """Everything of an experiment, a row a value."""
    run = f"{trial.factor}: {trial.level}, seed {trial.seed}"
    about = {"factor": trial.factor, "level": trial.level, "seed": trial.seed}
    for key, value in {**about, **vars(trial.settings)}.items():
        yield run, "parameter", key, value, 0
    for number, *figures in trained.epochs:
        for key, value in zip(EPOCH_COLUMNS[1:], figures, strict=True):
            yield run, "metric", key, value, number
