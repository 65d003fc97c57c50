"""Nodes that train networks on the training photos; validation stops, calibrates and ranks them."""

import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from triptych.classification.sampling import draw_rows
from triptych.execution.parallel import run_networks
from triptych.parameters.vision import VisionParameters
from triptych.vision.ablation import Trial, list_trials, summarise_trials
from triptych.vision.classifier import Member, NetworkMember, PhotoClassifier, fit_temperature
from triptych.vision.colour_baseline import CHANNELS, JOINT, ColourClassifier
from triptych.vision.config import CLASSES
from triptych.vision.decoding import Photo
from triptych.vision.metrics import predictions_table
from triptych.vision.training import (
    EPOCH_COLUMNS,
    MEASURES,
    TrainedNetwork,
    TrainingPhotos,
    train_network,
)

logger = logging.getLogger(__name__)

COLOURS = {"colour_histogram": CHANNELS, "colour_joint": JOINT}  # the baselines
BLEND = "blend"


def train_classifiers(
    selected_photos: pd.DataFrame,
    photo_pixels: Photo,
    weight_folders: list[Path],
    vision: VisionParameters,
    seed: int,
) -> dict[str, Any]:
    """Train the colour baselines and every network, `n_jobs` in parallel, and blend some.

    Returns:
        `trained_photo_models`: PhotoClassifiers by name; `photo_curves`: model and
        training.EPOCH_COLUMNS; `photo_timings`: model, seconds (on one core).

    Raises:
        NetworkError: pretrained weights are missing, or belong to another network.
    """
    data = _training_photos(selected_photos, photo_pixels, vision.classes)
    members: dict[str, Member] = {}
    seconds, curves = {}, []
    for name, grids in COLOURS.items():
        started = time.perf_counter()
        labels = data.labels[data.training]
        members[name] = ColourClassifier.fit(grids, photo_pixels, data.training, labels)
        seconds[name] = time.perf_counter() - started
    tasks = [
        partial(train_network, settings, data, seed, folders=weight_folders, name=name)
        for name, settings in vision.networks.items()
    ]
    for name, trained in zip(vision.networks, run_networks(tasks, vision.n_jobs), strict=True):
        members[name] = NetworkMember(trained.settings, trained.weights, vision.tta_views)
        seconds[name] = trained.seconds
        curves.append(trained.epochs.assign(model=name))
        logger.info("Trained %s: %s epochs in %.0f s", name, len(trained.epochs), trained.seconds)
    groups = {name: [member] for name, member in members.items()}
    if vision.blend:
        groups[BLEND] = [members[name] for name in vision.blend]
        seconds[BLEND] = sum(seconds[name] for name in vision.blend)
    return {
        "trained_photo_models": {
            name: _calibrate(group, data, vision) for name, group in groups.items()
        },
        "photo_curves": pd.concat(curves)[["model", *EPOCH_COLUMNS]],
        "photo_timings": pd.DataFrame(seconds.items(), columns=["model", "seconds"]),
    }


def choose_classifier(
    trained_photo_models: dict[str, PhotoClassifier],
    selected_photos: pd.DataFrame,
    photo_pixels: Photo,
) -> dict[str, Any]:
    """Rank the classifiers by their log loss on validation.

    Returns:
        `photo_ranking`: names, best first; `photo_validation`: metrics.predictions_table of the
        validation split.
    """
    from sklearn.metrics import log_loss

    predictions = predict_split(trained_photo_models, selected_photos, photo_pixels, "valid")
    losses = {}
    for name, model in trained_photo_models.items():
        rows = predictions[predictions["model"] == name]
        y_true = rows["true_label"].map(model.classes.index)
        losses[name] = log_loss(y_true, rows[model.classes], labels=range(len(model.classes)))
    ranking = sorted(losses, key=lambda name: (round(losses[name], 9), name))
    logger.info("Chosen on validation: %s (log loss %.3f)", ranking[0], losses[ranking[0]])
    return {"photo_ranking": ranking, "photo_validation": predictions}


def predict_split(
    models: dict[str, PhotoClassifier], selected_photos: pd.DataFrame, pixels: Photo, split: str
) -> pd.DataFrame:
    """The predictions of every model for the photos of a split: metrics.predictions_table."""
    rows = np.flatnonzero(selected_photos["split"] == split)
    photos = selected_photos.iloc[rows]
    return pd.concat(
        [
            predictions_table(name, photos, model.row_probabilities(pixels, rows), model.classes)
            for name, model in models.items()
        ],
        ignore_index=True,
    )


def run_ablation(
    selected_photos: pd.DataFrame, photo_pixels: Photo, vision: VisionParameters, seed: int
) -> dict[str, pd.DataFrame]:
    """Train networks that differ from a baseline in one setting, with several seeds.

    Returns:
        `photo_trials`: scores on validation; `photo_effects`: of ablation.summarise_trials;
        `photo_trial_runs`: all values, for nested MLflow runs.
    """
    study = vision.ablation
    trials = list_trials(study.baseline, study.grid, range(seed, seed + study.seeds))
    data = _training_photos(selected_photos, photo_pixels, vision.classes)
    if study.photos:
        rows = draw_rows(data.labels[data.training], study.photos, seed)
        data = replace(data, training=data.training[rows])
    logger.info("Ablation: %s trainings on %s photos", len(trials), f"{len(data.training):,}")
    results, values = [], []
    tasks = [partial(train_network, trial.settings, data, trial.seed) for trial in trials]
    for trial, trained in zip(trials, run_networks(tasks, vision.n_jobs), strict=True):
        best = trained.epochs.iloc[trained.epochs["valid_loss"].argmin()]  # its weights are kept
        results.append(
            {
                "factor": trial.factor, "level": trial.level, "seed": trial.seed,
                "epochs": len(trained.epochs), "accuracy": best["valid_accuracy"],
                "loss": best["valid_loss"], "seconds": trained.seconds,
            }
        )  # fmt: skip
        values += list(_logged_values(trial, trained))
        logger.info(
            "Ablation %s of %s: %s, %s: %.1f %%",
            *(len(results), len(trials), trial.factor, trial.level, 100 * best["valid_accuracy"]),
        )
    table = pd.DataFrame(results)
    return {
        "photo_trials": table,
        "photo_effects": summarise_trials(table),
        "photo_trial_runs": pd.DataFrame(values, columns=["run", "kind", "key", "value", "step"]),
    }


def _training_photos(photos: pd.DataFrame, pixels: Photo, n_classes: int) -> TrainingPhotos:
    training, validation = (
        np.flatnonzero(photos["split"] == split) for split in ("train", "valid")
    )
    labels = photos["number"].to_numpy(np.int64)
    return TrainingPhotos(pixels, training, validation, labels, n_classes)


def _calibrate(
    members: Iterable[Member], data: TrainingPhotos, vision: VisionParameters
) -> PhotoClassifier:
    """The mean of some members, calibrated on validation."""
    classes = list(CLASSES[: vision.classes])
    model = PhotoClassifier(classes, vision.image_size, vision.max_side, list(members))
    probabilities = model.row_probabilities(data.photos, data.validation)
    temperature = fit_temperature(probabilities, data.labels[data.validation])
    return replace(model, temperature=temperature)


def _logged_values(trial: Trial, trained: TrainedNetwork) -> Iterator[tuple[Any, ...]]:
    """Every parameter and metric of a trial: run, kind, key, value, step."""
    run = f"{trial.factor}: {trial.level}, seed {trial.seed}"
    about = {"factor": trial.factor, "level": trial.level, "seed": trial.seed}
    for key, value in {**about, **trial.settings.model_dump()}.items():
        yield run, "parameter", key, value, 0
    for epoch in trained.epochs.to_dict("records"):
        for measure in MEASURES:
            yield run, "metric", measure, epoch[measure], epoch["epoch"]
