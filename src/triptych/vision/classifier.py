"""A classifier of photos as it is used: from files to probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from triptych.classification.tf_runtime import load_keras
from triptych.vision.backbones import build_network
from triptych.vision.config import NetworkSettings
from triptych.vision.decoding import Photo, fit_size
from triptych.vision.pixel_store import PhotoFiles

if TYPE_CHECKING:
    import keras

Probabilities = npt.NDArray[np.float64]  # (n, classes)
_BATCH = 32
_LEAST = 1e-7


class Member(Protocol):
    """What gives probabilities of decoded photos."""

    def probabilities(self, photos: Photo) -> Probabilities:
        """A row a photo, a column a class."""
        ...


class NetworkMember:
    """A trained network; Keras builds it when it is first asked.

    Args:
        settings: its architecture.
        weights: as Keras lists them.
        turns: how many of the eight turns of each photo are averaged: 1 or 8.
    """

    def __init__(
        self, settings: NetworkSettings, weights: list[npt.NDArray[Any]], turns: int
    ) -> None:
        self.settings, self.weights, self.turns = settings, weights, turns

    def probabilities(self, photos: Photo) -> Probabilities:
        """A row a photo, a column a class; a batch at a time."""
        parts = [
            self._of_batch(
                fit_size(np.asarray(photos[start : start + _BATCH]), self.settings.pixels)
            )
            for start in range(0, len(photos), _BATCH)
        ]
        return np.concatenate(parts).astype(np.float64)

    def _of_batch(self, photos: Photo) -> npt.NDArray[Any]:
        given = [
            np.asarray(self._model.predict_on_batch(view)) for view in turned(photos, self.turns)
        ]
        return np.asarray(np.mean(given, axis=0))

    @cached_property
    def _model(self) -> "keras.Model":
        load_keras()
        model = build_network(self.settings, len(self.weights[-1]))
        model.set_weights(self.weights)
        return model


@dataclass(frozen=True)
class PhotoClassifier:
    """One or several members, whose probabilities are averaged.

    Attributes:
        classes: by column of the probabilities.
        pixels: side of the photos that members are given.
        max_side: no photo may have more pixels a side.
        temperature: divides the log-probabilities; above 1 a classifier is made less sure of
            itself (Guo et al., "On calibration of modern neural networks", 2017).
    """

    classes: list[str]
    pixels: int
    max_side: int
    members: list[Member]
    temperature: float = 1.0

    def probabilities(self, paths: Sequence[Path | str]) -> Probabilities:
        """Classify photos by their paths: a row a photo, a column a class.

        Raises:
            BadPhotoError: a file is no photo that can be used; the message names it.
        """
        files = PhotoFiles([Path(path) for path in paths], self.pixels, self.max_side)
        parts = [self.photo_probabilities(photos) for photos in files.chunks()]
        return np.concatenate([np.empty((0, len(self.classes))), *parts])

    def row_probabilities(self, photos: Photo, rows: npt.NDArray[np.intp]) -> Probabilities:
        """Classify some rows of a memory map of decoded photos, a bounded number at a time."""
        starts = range(0, len(rows), _BATCH)
        parts = [self.photo_probabilities(photos[rows[at : at + _BATCH]]) for at in starts]
        return np.concatenate([np.empty((0, len(self.classes))), *parts])

    def photo_probabilities(self, photos: Photo) -> Probabilities:
        """Classify decoded photos, (n, pixels, pixels, 3)."""
        given = np.mean([member.probabilities(photos) for member in self.members], axis=0)
        return apply_temperature(given, self.temperature)


def turned(photos: Photo, turns: int) -> list[Photo]:
    """The first so many of the eight turns and mirrorings of a view from above."""
    mirrored = photos.transpose(0, 2, 1, 3)
    views = [np.rot90(side, turn, axes=(1, 2)) for side in (photos, mirrored) for turn in range(4)]
    return views[:turns]


def apply_temperature(chances: Probabilities, temperature: float) -> Probabilities:
    """Divide log-probabilities by a temperature."""
    scores = np.log(np.clip(chances, _LEAST, 1)) / temperature
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def learn_temperature(chances: Probabilities, labels: npt.NDArray[np.int64]) -> float:
    """The temperature with the least log loss, on photos that were not learned from."""
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda power: log_loss(apply_temperature(chances, float(np.exp(power))), labels),
        bounds=(-2.0, 2.0), method="bounded",
    )  # fmt: skip
    return float(np.exp(found.x))


def log_loss(chances: Probabilities, labels: npt.NDArray[np.int64]) -> float:
    """The mean of minus the logarithm of what the true class was given."""
    return float(-np.log(np.clip(chances[np.arange(len(labels)), labels], _LEAST, 1)).mean())
