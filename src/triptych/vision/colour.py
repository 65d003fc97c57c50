"""The baseline that every network is read beside: how much of which colour a photo has."""

from typing import Any, Self

import numpy as np
import numpy.typing as npt

from triptych.vision.photo import Photo

Rows = npt.NDArray[np.intp]
Features = npt.NDArray[np.float32]
_BINS = (16, 8, 8)  # of hue, saturation and value
_CHUNK = 256  # photos at once
_STRENGTH = 10.0  # inverse regularisation


def colour_features(photos: Photo, rows: Rows) -> Features:
    """The square roots of a histogram of hue, saturation and value: (n, 1024).

    Args:
        photos: (n, pixels, pixels, 3); a memory map is read a part at a time.
        rows: of the photos.
    """
    size = int(np.prod(_BINS))
    features = np.empty((len(rows), size), np.float32)
    for start in range(0, len(rows), _CHUNK):
        cells = _cells(np.asarray(photos[rows[start : start + _CHUNK]]))
        counts = np.stack([np.bincount(row, minlength=size) for row in cells])
        features[start : start + _CHUNK] = np.sqrt(counts / cells.shape[1])
    return features


class ColourClassifier:
    """Logistic regression over the colours of a photo.

    Attributes:
        weights: (features, classes).
        bias: (classes,).
    """

    def __init__(self, weights: npt.NDArray[Any], bias: npt.NDArray[Any]) -> None:
        self.weights, self.bias = weights, bias

    @classmethod
    def fit(cls, photos: Photo, rows: Rows, labels: npt.NDArray[np.int64]) -> Self:
        """Learn from some rows of the photos and the numbers of their classes."""
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=_STRENGTH, max_iter=2000).fit(
            colour_features(photos, rows), labels
        )
        weights, bias = model.coef_, model.intercept_
        if len(bias) == 1:  # of two classes scikit-learn keeps the second alone
            weights, bias = np.vstack([-weights, weights]) / 2, np.r_[-bias, bias] / 2
        return cls(weights.T, bias)

    def probabilities(self, photos: Photo) -> npt.NDArray[np.float64]:
        """A row a photo, a column a class."""
        scores = colour_features(photos, np.arange(len(photos))) @ self.weights + self.bias
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(chances / chances.sum(axis=1, keepdims=True))


def _cells(photos: Photo) -> npt.NDArray[np.int64]:
    """The cell of the histogram that each pixel falls in: (n, pixels²)."""
    from matplotlib.colors import rgb_to_hsv

    hsv = rgb_to_hsv(photos.astype(np.float32) / 255).reshape(len(photos), -1, 3)
    place = np.minimum((hsv * _BINS).astype(np.int64), np.array(_BINS) - 1)
    return np.asarray((place[..., 0] * _BINS[1] + place[..., 1]) * _BINS[2] + place[..., 2])
