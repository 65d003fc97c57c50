"""One network learns from some photos, and stops by others."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from triptych.classification.tf_runtime import start_keras
from triptych.vision.backbones import CNN, build_network, freeze, load_pretrained
from triptych.vision.config import NetworkSettings
from triptych.vision.input_pipeline import Rows, training_batches, validation_batches
from triptych.vision.networks import make_optimiser
from triptych.vision.pixel_store import PhotoPixels

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)

EPOCH_COLUMNS = ("epoch", "loss", "accuracy", "valid_loss", "valid_accuracy")
_VALIDATION_BATCH = 32  # photos at once
_TOLD_EVERY = 5  # epochs


@dataclass(frozen=True)
class TrainingPhotos:
    """What a network learns from, and what it stops by.

    Attributes:
        pixels: all photos.
        learn: rows to learn from.
        judge: rows of the validation split.
        labels: the number of each photo's class.
        classes: how many there are.
    """

    pixels: PhotoPixels
    learn: Rows
    judge: Rows
    labels: npt.NDArray[np.int64]
    classes: int


@dataclass(frozen=True)
class TrainedNetwork:
    """What has been learned.

    Attributes:
        epochs: a row an epoch, EPOCH_COLUMNS.
        seconds: the training took, on one core.
    """

    settings: NetworkSettings
    weights: list[npt.NDArray[Any]]
    epochs: list[tuple[Any, ...]]
    seconds: float


def train_network(
    settings: NetworkSettings,
    data: TrainingPhotos,
    seed: int,
    *,
    folders: Sequence[Path] = (),
    name: str = "",
) -> TrainedNetwork:
    """Train until the epochs are over or validation does not improve; the best epoch is kept.

    The same seed gives the same network: TensorFlow runs on one thread, its operations in their
    deterministic form. More cores train more networks at once.

    Args:
        folders: where files of pretrained weights may lie.
        name: what progress is told under; none: it is not told.

    Raises:
        UnknownNetworkError, WeightsError: see backbones.py.
    """
    start_keras(seed)
    started = time.perf_counter()
    model = build_network(settings, data.classes)
    load_pretrained(model, settings, folders)
    epochs: list[tuple[Any, ...]] = []
    if settings.backbone != CNN and settings.weights != "none":
        freeze(model, True)
    epochs += _fit(model, settings, data, (settings.epochs, settings.learning_rate), seed, name)
    if settings.backbone != CNN and settings.tuned_epochs:
        freeze(model, False)
        tuned = settings.tuned_epochs, settings.tuned_learning_rate
        epochs += _fit(model, settings, data, tuned, seed + 1, f"{name}, tuned" if name else "")
    numbered = [(number, *epoch) for number, epoch in enumerate(epochs, start=1)]
    return TrainedNetwork(settings, model.get_weights(), numbered, time.perf_counter() - started)


def _fit(
    model: "keras.Model",
    settings: NetworkSettings,
    data: TrainingPhotos,
    length: tuple[int, float],
    seed: int,
    name: str,
) -> list[tuple[Any, ...]]:
    """Learn for so many epochs at such a rate; give the rows of the epochs."""
    import keras
    import tensorflow as tf

    epochs, rate = length
    photos = data.pixels.photos
    exact = np.eye(data.classes, dtype=np.float32)[data.labels]
    soft = exact * (1 - settings.smoothing) + settings.smoothing / data.classes
    steps = -(-len(data.learn) // settings.batch) * epochs
    model.compile(
        make_optimiser(settings.optimiser, rate, steps), "categorical_crossentropy",
        metrics=["accuracy"],
    )  # fmt: skip
    fed = training_batches(
        photos, data.learn, soft[data.learn], side=settings.pixels, batch=settings.batch,
        augmentation=settings.augmentation, seed=seed,
    )  # fmt: skip
    truth = tf.data.Dataset.from_tensor_slices(exact[data.judge]).batch(_VALIDATION_BATCH)
    judged = validation_batches(photos, data.judge, side=settings.pixels, batch=_VALIDATION_BATCH)
    stop = keras.callbacks.EarlyStopping(
        "val_loss", patience=settings.patience, restore_best_weights=True
    )
    tell = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: _tell(name, epoch + 1, epochs, logs or {})
    )
    past = model.fit(
        fed, epochs=epochs, validation_data=tf.data.Dataset.zip(judged, truth),
        callbacks=[stop, tell], shuffle=False, verbose=0,
    ).history  # fmt: skip
    figures = zip(*(past[key] for key in ("loss", "accuracy", "val_loss", "val_accuracy")),
                  strict=True)  # fmt: skip
    return list(figures)


def _tell(name: str, epoch: int, epochs: int, logs: dict[str, float]) -> None:
    if name and (epoch % _TOLD_EVERY == 0 or epoch == epochs):
        logger.info(
            "%s: epoch %s of %s, validation accuracy %.1f %%",
            *(name, epoch, epochs, 100 * logs["val_accuracy"]),
        )
