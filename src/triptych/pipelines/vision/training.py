"""Nodes that train networks on the training photos; validation stops, calibrates and ranks them."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from triptych.classification.metrics import balanced_log_loss
from triptych.classification.sampling import draw_rows
from triptych.execution.parallel import run_networks
from triptych.execution.progress import track
from triptych.parameters.vision import AblationParameters
from triptych.vision.ablation import (
    DROPOUT,
    LEARNING_CURVE,
    Trial,
    best_rates,
    dropout_grid,
    list_trials,
    summarise_trials,
)
from triptych.vision.classifier import Member, NetworkMember, PhotoClassifier, fit_temperature
from triptych.vision.colour_baseline import CHANNELS, JOINT, ColourClassifier, Grid
from triptych.vision.config import CLASSES, NetworkSettings
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

_SETTINGS = ("optimiser", "learning_rate", "dropout", "batch_norm", "augmentation")  # of trials
COLOURS = {"colour_histogram": CHANNELS, "colour_joint": JOINT}  # the baselines
BLEND = "blend"
Models = Mapping[str, PhotoClassifier]
Ranking = dict[str, list[str]]  # by number of classes: names of models, best first


def model_key(classes: int, name: str) -> str:
    """The key of a model of one phase in `trained_photo_models`."""
    return f"{name}-{classes}"


def last_phase(ranking: Ranking) -> tuple[int, list[str]]:
    """The classes of the last phase, and its models, best first."""
    classes, names = list(ranking.items())[-1]
    return int(classes), names


def selected_model(models: Models, ranking: Ranking) -> tuple[int, str, PhotoClassifier]:
    """The classes, name and classifier of the best model of the last phase."""
    classes, names = last_phase(ranking)
    return classes, names[0], models[model_key(classes, names[0])]


def train_classifiers(
    selected_photos: pd.DataFrame,
    photo_pixels: Photo,
    weight_folders: list[Path],
    photo_phases: list[int],
    networks: dict[str, dict[str, Any]],
    blend: list[str],
    tta_views: int,
    max_side: int,
    n_jobs: int,
    seed: int,
) -> dict[str, Any]:
    """Train the colour baselines and every network of each phase, and blend some.

    Returns:
        `trained_photo_models`: PhotoClassifiers by model_key; `photo_curves`: classes, model and
        training.EPOCH_COLUMNS; `photo_timings`: classes, model, seconds (CPU time).

    Raises:
        NetworkError: pretrained weights are missing, or belong to another network.
    """
    data = {n: _training_photos(selected_photos, photo_pixels, n) for n in photo_phases}
    members: dict[tuple[int, str], list[Member]] = {}
    seconds, curves = {}, []
    colours, keys = (list(product(photo_phases, names)) for names in (COLOURS, networks))
    tasks: list[Callable[[], Any]] = [
        partial(_fit_colours, data[classes], COLOURS[name]) for classes, name in colours
    ]
    tasks += [
        partial(
            train_network, NetworkSettings(**networks[name]), data[classes], seed,
            folders=weight_folders, name=model_key(classes, name),
        )
        for classes, name in keys
    ]  # fmt: skip
    results = track(run_networks(tasks, n_jobs), "Training classifiers", len(tasks))
    for key in colours:
        classifier, seconds[key] = next(results)
        members[key] = [classifier]
    for key, trained in zip(keys, results, strict=True):
        members[key] = [NetworkMember(trained.settings, trained.weights, tta_views)]
        seconds[key] = trained.seconds
        curves.append(trained.epochs.assign(classes=key[0], model=key[1]))
        logger.info(
            "Trained %s: %s epochs in %.0f s", model_key(*key), len(trained.epochs), trained.seconds
        )
    for classes in photo_phases if blend else []:
        blended = [(classes, name) for name in blend]
        members[classes, BLEND] = [member for key in blended for member in members[key]]
        seconds[classes, BLEND] = sum(seconds[key] for key in blended)
    timings = [(*key, value) for key, value in seconds.items()]
    groups = sorted(members.items(), key=lambda pair: pair[0][0])
    calibrations = [partial(_calibrate, group, data[key[0]], max_side) for key, group in groups]
    models = track(run_networks(calibrations, n_jobs), "Calibrating networks", len(groups))
    return {
        "trained_photo_models": {
            model_key(*key): model for (key, _), model in zip(groups, models, strict=True)
        },
        "photo_curves": pd.concat(curves)[["classes", "model", *EPOCH_COLUMNS]],
        "photo_timings": pd.DataFrame(timings, columns=["classes", "model", "seconds"]),
    }


def choose_classifier(
    trained_photo_models: Models, selected_photos: pd.DataFrame, photo_pixels: Photo, n_jobs: int
) -> dict[str, Any]:
    """Rank the classifiers of each phase by log loss on validation; classes have equal weight.

    Returns `photo_ranking`: Ranking; `photo_validation`: predict_split of the validation split.
    """
    predictions = predict_split(
        trained_photo_models, selected_photos, photo_pixels, "valid", n_jobs
    )
    ranking: Ranking = {}
    for phase, of_phase in predictions.groupby("classes"):
        classes = int(str(phase))
        names = list(CLASSES[:classes])
        losses = {
            str(name): balanced_log_loss(
                rows["true_label"].map(names.index).to_numpy(), rows[names].to_numpy()
            )
            for name, rows in of_phase.groupby("model")
        }
        found = sorted((round(loss, 9), name) for name, loss in losses.items())
        ranking[str(classes)] = [name for _, name in found]
        logger.info("%s classes: %s is best (log loss %.3f)", classes, *found[0][::-1])
    return {"photo_ranking": ranking, "photo_validation": predictions}


def predict_split(
    models: Models, selected_photos: pd.DataFrame, pixels: Photo, split: str, n_jobs: int
) -> pd.DataFrame:
    """The predictions of every model for the photos of a split: classes, predictions_table."""
    tasks = (
        partial(_predict, key, model, selected_photos[selected_photos["split"] == split], pixels)
        for key, model in models.items()
    )
    tables = track(run_networks(tasks, n_jobs), f"Predicting {split} photos", len(models))
    return pd.concat(tables, ignore_index=True)


def _predict(key: str, model: PhotoClassifier, photos: pd.DataFrame, pixels: Photo) -> pd.DataFrame:
    name, classes = key.rsplit("-", 1)
    chosen = photos[photos["number"] < int(classes)]
    probabilities = model.photo_probabilities(pixels, chosen.index.to_numpy())
    table = predictions_table(name, chosen, probabilities, model.classes)
    table.insert(0, "classes", int(classes))
    return table


def run_ablation(
    selected_photos: pd.DataFrame,
    photo_pixels: Photo,
    photo_phases: list[int],
    weight_folders: list[Path],
    networks: dict[str, dict[str, Any]],
    ablation: AblationParameters,
    n_jobs: int,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Train networks of the last phase that differ from a baseline in one setting.

    First the learning rate of each optimiser is tuned, with a seed that is not used again.

    Returns `photo_learning_rates` and `photo_trials`: scores on validation; `photo_effects`: of
    ablation.summarise_trials; `photo_trial_runs`: all values, for nested MLflow runs.
    """
    data = _training_photos(selected_photos, photo_pixels, photo_phases[-1])
    baseline = NetworkSettings(**{**networks[ablation.network], "epochs": ablation.epochs})

    def run(grid: dict[str, list[dict[str, Any]]], seeds: Sequence[int]) -> list[pd.DataFrame]:
        trials = list_trials(baseline, grid, ablation.photos, seeds)
        return _run_trials(trials, data, weight_folders, n_jobs, seed)

    rates = [
        {"optimiser": name, "learning_rate": rate}
        for name, values in ablation.learning_rates.items() for rate in values if len(values) > 1
    ]  # fmt: skip
    tuned, tuning_runs = run({"learning rate": rates}, [seed - 1])
    found, given = best_rates(tuned), ablation.learning_rates.items()
    best = {name: rates[0] if len(rates) == 1 else found[name] for name, rates in given}
    grid = {
        "optimiser": [{"optimiser": name, "learning_rate": rate} for name, rate in best.items()],
        DROPOUT: dropout_grid(ablation.dropout),
        "augmentation": [{"augmentation": kind} for kind in ablation.augmentation],
        LEARNING_CURVE: [{"photos": count} for count in ablation.training_photos],
    }
    trials, runs = run(grid, range(seed, seed + ablation.seeds))
    return {
        "photo_learning_rates": tuned,
        "photo_trials": trials,
        "photo_effects": summarise_trials(trials),
        "photo_trial_runs": pd.concat([tuning_runs, runs], ignore_index=True),
    }


def _run_trials(
    trials: list[Trial], data: TrainingPhotos, folders: list[Path], jobs: int, seed: int
) -> list[pd.DataFrame]:
    """Train the network of each trial: their scores and settings, and values for MLflow."""
    labels = data.labels[data.training]
    tasks = [
        partial(
            train_network, trial.settings,
            replace(data, training=data.training[draw_rows(labels, trial.photos, seed)]),
            trial.seed, folders=folders, name=f"{trial.factor} {trial.level}",
        )
        for trial in trials
    ]  # fmt: skip
    results, values = [], []
    networks = track(run_networks(tasks, jobs), "Ablation", len(tasks))
    for trial, trained in zip(trials, networks, strict=True):
        best = trained.epochs.iloc[trained.epochs["valid_loss"].argmin()]  # its weights are kept
        shown = trial.settings.model_dump(include=set(_SETTINGS))
        results.append(
            {
                "factor": trial.factor, "level": trial.level, "seed": trial.seed,
                "photos": trial.photos, **shown, "epochs": len(trained.epochs),
                "accuracy": best["valid_accuracy"], "loss": best["valid_loss"],
                "seconds": trained.seconds,
            }
        )  # fmt: skip
        values += list(_logged_values(trial, trained))
    columns = ["run", "kind", "key", "value", "step"]
    return [pd.DataFrame(results), pd.DataFrame(values, columns=columns)]


def _training_photos(photos: pd.DataFrame, pixels: Photo, n_classes: int) -> TrainingPhotos:
    labels = photos["number"].to_numpy(np.int64)
    training, validation = (
        np.flatnonzero((photos["split"] == split) & (labels < n_classes))
        for split in ("train", "valid")
    )
    return TrainingPhotos(pixels, training, validation, labels, n_classes)


def _fit_colours(data: TrainingPhotos, grids: Sequence[Grid]) -> tuple[ColourClassifier, float]:
    """A baseline, and the CPU time of its training in seconds."""
    started = time.process_time()
    rows = data.training
    classifier = ColourClassifier.fit(grids, data.photos, rows, data.labels[rows])
    return classifier, time.process_time() - started


def _calibrate(members: list[Member], data: TrainingPhotos, max_side: int) -> PhotoClassifier:
    """The mean of some members, with classes of the same weight, calibrated on validation."""
    from sklearn.utils.class_weight import compute_class_weight

    classes, training = list(CLASSES[: data.n_classes]), data.labels[data.training]
    weights = compute_class_weight("balanced", classes=np.arange(data.n_classes), y=training)
    side = data.photos.shape[1]
    model = PhotoClassifier(classes, side, max_side, members, class_weights=weights.tolist())
    probabilities = model.photo_probabilities(data.photos, data.validation)
    temperature = fit_temperature(probabilities, data.labels[data.validation])
    return replace(model, temperature=temperature)


def _logged_values(trial: Trial, trained: TrainedNetwork) -> Iterator[tuple[Any, ...]]:
    """Every parameter and metric of a trial: run, kind, key, value, step."""
    run = f"{trial.factor}: {trial.level}, seed {trial.seed}"
    about = {name: getattr(trial, name) for name in ("factor", "level", "seed", "photos")}
    for key, value in {**about, **trial.settings.model_dump()}.items():
        yield run, "parameter", key, value, 0
    for epoch in trained.epochs.to_dict("records"):
        for measure in MEASURES:
            yield run, "metric", measure, epoch[measure], epoch["epoch"]
