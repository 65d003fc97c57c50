"""The baselines that every network is read beside: how much of which colour a photo has."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from triptych.vision.decoding import Photo

Rows = npt.NDArray[np.intp]
Features = npt.NDArray[np.float32]
Grid = tuple[int, int, int]  # bins of hue, saturation and value; a histogram has a cell for each

CHANNELS: tuple[Grid, ...] = ((32, 1, 1), (1, 32, 1), (1, 1, 32))  # each channel by itself
JOINT: tuple[Grid, ...] = ((16, 8, 8),)  # which colours there are, not which channels
_CHUNK = 256  # photos at once
_STRENGTH = 10.0  # inverse regularisation


def colour_features(photos: Photo, rows: Rows, grids: Sequence[Grid]) -> Features:
    """The square roots of histograms of hue, saturation and value: (n, cells of all grids).

    Args:
        photos: (n, pixels, pixels, 3); a memory map is read a part at a time.
        rows: of the photos.
        grids: a histogram each; CHANNELS or JOINT.
    """
    starts = range(0, len(rows), _CHUNK)
    parts = [_histograms(np.asarray(photos[rows[at : at + _CHUNK]]), grids) for at in starts]
    cells = int(np.prod(grids, axis=1).sum())
    return np.concatenate([np.empty((0, cells), np.float32), *parts])


class ColourClassifier:
    """Logistic regression over the colours of a photo.

    Attributes:
        grids: of its histograms.
        weights: (features, classes).
        bias: (classes,).
    """

    def __init__(
        self, grids: Sequence[Grid], weights: npt.NDArray[Any], bias: npt.NDArray[Any]
    ) -> None:
        self.grids, self.weights, self.bias = grids, weights, bias

    @classmethod
    def fit(
        cls, grids: Sequence[Grid], photos: Photo, rows: Rows, labels: npt.NDArray[np.int64]
    ) -> Self:
        """Learn from some rows of the photos and the numbers of their classes."""
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=_STRENGTH, max_iter=2000).fit(
            colour_features(photos, rows, grids), labels
        )
        weights, bias = model.coef_, model.intercept_
        if len(bias) == 1:  # of two classes scikit-learn keeps the second alone
            weights, bias = np.vstack([-weights, weights]) / 2, np.r_[-bias, bias] / 2
        return cls(grids, weights.T, bias)

    def probabilities(self, photos: Photo) -> npt.NDArray[np.float64]:
        """A row a photo, a column a class."""
        features = colour_features(photos, np.arange(len(photos)), self.grids)
        scores = features @ self.weights + self.bias
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(chances / chances.sum(axis=1, keepdims=True))


def _histograms(photos: Photo, grids: Sequence[Grid]) -> Features:
    """The square roots of the shares of a photo's pixels in each cell: (n, cells)."""
    from matplotlib.colors import rgb_to_hsv

    hsv = rgb_to_hsv(photos.astype(np.float32) / 255).reshape(len(photos), -1, 3)
    parts = []
    for grid in grids:
        place = np.minimum((hsv * grid).astype(np.int64), np.array(grid) - 1)
        cells = (place[..., 0] * grid[1] + place[..., 1]) * grid[2] + place[..., 2]
        parts.append([np.bincount(row, minlength=int(np.prod(grid))) for row in cells])
    return np.sqrt(np.concatenate(parts, axis=1) / hsv.shape[1]).astype(np.float32)
