"""A photo classifier: from files or decoded photos to probabilities."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from triptych.classification.metrics import balanced_log_loss
from triptych.classification.tf_runtime import load_keras
from triptych.vision.colour_baseline import ColourClassifier
from triptych.vision.config import NetworkSettings
from triptych.vision.decoding import Photo, fit_size, read_photos
from triptych.vision.networks import build_network

if TYPE_CHECKING:
    import keras

Probabilities = npt.NDArray[np.float64]  # (n, classes)
_BATCH = 32
_MIN_PROBABILITY = 1e-7


class NetworkMember:
    """A trained network, built at its first use; it averages `tta_views` views of each photo."""

    def __init__(
        self, settings: NetworkSettings, weights: list[npt.NDArray[Any]], tta_views: int
    ) -> None:
        self.settings, self.weights, self.tta_views = settings, weights, tta_views

    def probabilities(self, photos: Photo) -> Probabilities:
        """Probabilities (n, classes) of a batch of decoded photos."""
        views = make_views(fit_size(photos, self.settings.image_size), self.tta_views)
        predicted = [self._model.predict_on_batch(view) for view in views]
        return np.asarray(np.mean(predicted, axis=0), np.float64)

    def __getstate__(self) -> dict[str, Any]:
        """Without the network that was built: another process builds its own."""
        return {key: value for key, value in vars(self).items() if key != "_model"}

    @cached_property
    def _model(self) -> "keras.Model":
        load_keras()
        model = build_network(self.settings, len(self.weights[-1]))
        model.set_weights(self.weights)
        return model


Member = NetworkMember | ColourClassifier


@dataclass(frozen=True)
class PhotoClassifier:
    """The mean of one or several members, calibrated.

    Attributes:
        classes: labels, in the order of the probabilities.
        image_size: side of the photos that members take, in pixels.
        max_side: larger photos are rejected.
        temperature: divides the log-probabilities; above 1 it lowers the confidence (Guo et al.,
            "On calibration of modern neural networks", 2017).
        class_weights: of the probabilities; the inverse frequencies of training make rare classes
            as likely as others (Saerens, Latinne and Decaestecker, Neural Computation 14, 2002).
    """

    classes: list[str]
    image_size: int
    max_side: int
    members: list[Member]
    temperature: float = 1.0
    class_weights: float | list[float] = 1.0

    def probabilities(self, paths: Sequence[Path | str]) -> Probabilities:
        """Classify files: probabilities (n, classes).

        Raises:
            BadPhotoError: a file is not a usable photo; the message names it.
        """
        files = [Path(path) for path in paths]
        return self._classify(
            read_photos(files[at : at + _BATCH], self.image_size, self.max_side)
            for at in range(0, len(files), _BATCH)
        )

    def photo_probabilities(
        self, photos: Photo, rows: npt.NDArray[np.intp] | None = None
    ) -> Probabilities:
        """Classify decoded photos (n, side, side, 3), or some rows; they are read in batches."""
        rows = np.arange(len(photos)) if rows is None else rows
        return self._classify(
            np.asarray(photos[rows[at : at + _BATCH]]) for at in range(0, len(rows), _BATCH)
        )

    def _classify(self, batches: Iterable[Photo]) -> Probabilities:
        parts = [np.empty((0, len(self.classes)))]
        for batch in batches:
            members = [member.probabilities(batch) for member in self.members]
            mean = np.mean(members, axis=0, dtype=np.float64)  # colours compute in float32
            weighed = np.asarray(mean) * np.asarray(self.class_weights)
            parts.append(apply_temperature(weighed, self.temperature))
        return np.concatenate(parts)


def make_views(photos: Photo, count: int) -> list[Photo]:
    """The first of the eight rotations and reflections of photos, for test-time augmentation."""
    mirrored = photos.transpose(0, 2, 1, 3)
    views = [np.rot90(side, turn, axes=(1, 2)) for side in (photos, mirrored) for turn in range(4)]
    return views[:count]


def apply_temperature(probabilities: Probabilities, temperature: float) -> Probabilities:
    """Divide log-probabilities by a temperature; their rows need not sum to 1."""
    from scipy.special import softmax

    scores = np.log(np.maximum(probabilities, _MIN_PROBABILITY)) / temperature
    return np.asarray(softmax(scores, axis=1))


def fit_temperature(probabilities: Probabilities, labels: npt.NDArray[np.int64]) -> float:
    """The temperature with the lowest log loss on held-out photos, of classes with the same weight.

    scikit-learn's temperature scaling would need an estimator around these probabilities.
    """
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda power: balanced_log_loss(
            labels, apply_temperature(probabilities, float(np.exp(power)))
        ),
        bounds=(-2.0, 2.0), method="bounded",
    )  # fmt: skip
    return float(np.exp(found.x))
