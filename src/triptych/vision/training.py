"""Training of one network, with early stopping on the validation photos."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.classification.tf_runtime import make_optimiser, show_epochs, start_keras
from triptych.vision.config import CNN, NetworkSettings
from triptych.vision.decoding import Photo
from triptych.vision.input_pipeline import Rows, make_batches
from triptych.vision.networks import BACKBONE, build_network, load_pretrained

if TYPE_CHECKING:
    import keras


MEASURES = ("loss", "accuracy", "valid_loss", "valid_accuracy")
EPOCH_COLUMNS = ("epoch", *MEASURES)


@dataclass(frozen=True)
class TrainingPhotos:
    """Photos (n, side, side, 3), rows of them by split, and the number of each photo's class.

    Memory maps are read batch by batch.
    """

    photos: Photo
    training: Rows
    validation: Rows
    labels: npt.NDArray[np.int64]
    n_classes: int


@dataclass(frozen=True)
class TrainedNetwork:
    """A trained network: weights of the epoch with the lowest validation loss, in Keras' order.

    `epochs` has EPOCH_COLUMNS; `seconds` is the CPU time of training: its time on one idle core.
    """

    settings: NetworkSettings
    weights: list[npt.NDArray[Any]]
    epochs: pd.DataFrame
    seconds: float


def train_network(
    settings: NetworkSettings,
    data: TrainingPhotos,
    seed: int,
    *,
    folders: Sequence[Path] = (),
    name: str = CNN,
) -> TrainedNetwork:
    """Train until all epochs are done or validation loss stops improving.

    The same seed gives the same network: TensorFlow runs deterministically on one thread. Several
    cores train several networks.

    Args:
        folders: searched for files of pretrained weights.
        name: of the network in the progress.

    Raises:
        NetworkError: see networks.py.
    """
    start_keras(seed)
    started = time.process_time()
    model = build_network(settings, data.n_classes)
    if settings.pretrained:
        load_pretrained(model, settings, folders)
        model.get_layer(BACKBONE).trainable = False
    length = settings.epochs, settings.learning_rate
    phases = [_fit(model, settings, data, *length, seed, name)]
    if settings.backbone != CNN and settings.fine_tune_epochs:
        model.get_layer(BACKBONE).trainable = True
        length = settings.fine_tune_epochs, settings.fine_tune_learning_rate
        phases.append(_fit(model, settings, data, *length, seed + 1, f"{name} fine-tuning"))
    epochs = pd.concat(phases, ignore_index=True)
    epochs.insert(0, "epoch", epochs.index + 1)
    return TrainedNetwork(settings, model.get_weights(), epochs, time.process_time() - started)


def _fit(
    model: "keras.Model",
    settings: NetworkSettings,
    data: TrainingPhotos,
    epochs: int,
    learning_rate: float,
    seed: int,
    name: str,
) -> pd.DataFrame:
    """Train one phase and return MEASURES, a row per epoch."""
    import keras

    steps = -(-len(data.training) // settings.batch_size) * epochs
    optimiser = make_optimiser(model, settings.optimiser, learning_rate, steps, nesterov=True)
    # Given by name, its variables would be created in the first step, which is then traced twice
    accuracy = keras.metrics.CategoricalAccuracy("accuracy")
    model.compile(optimiser, "categorical_crossentropy", metrics=[accuracy])
    # smoothed by hand: Keras would smooth the validation loss too
    one_hot = np.eye(data.n_classes, dtype=np.float32)
    smoothed = one_hot * (1 - settings.label_smoothing) + settings.label_smoothing / data.n_classes
    targets = smoothed[data.labels[data.training]]
    fitted = model.fit(
        make_batches(data.photos, data.training, targets, settings, seed),
        epochs=epochs, shuffle=False, verbose=0,
        validation_data=make_batches(
            data.photos, data.validation, one_hot[data.labels[data.validation]], settings
        ),
        callbacks=[
            keras.callbacks.EarlyStopping(
                "val_loss", patience=settings.patience, restore_best_weights=True
            ),
            show_epochs(f"{name}, epochs", epochs),
        ],
    )  # fmt: skip
    history = pd.DataFrame(fitted.history).rename(columns=lambda key: key.replace("val_", "valid_"))
    return history[list(MEASURES)]
