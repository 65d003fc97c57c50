"""The baselines of every network: logistic regression over the colours of a photo."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from triptych.vision.decoding import Photo

Rows = npt.NDArray[np.intp]
Features = npt.NDArray[np.float32]
Grid = tuple[int, int, int]  # bins of hue, saturation and value

CHANNELS: tuple[Grid, ...] = ((32, 1, 1), (1, 32, 1), (1, 1, 32))  # one histogram per channel
JOINT: tuple[Grid, ...] = ((16, 8, 8),)  # one histogram of all channels
_CHUNK = 64  # photos in memory
_C = 10.0  # inverse regularisation


def colour_features(photos: Photo, rows: Rows, grids: Sequence[Grid]) -> Features:
    """Square roots of histograms of hue, saturation and value: (n, cells of all grids).

    Args:
        photos: (n, side, side, 3); a memory map is read in chunks.
        rows: of the photos.
        grids: one per histogram; CHANNELS or JOINT.
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
        """Fit on rows of the photos and the numbers of their three or more classes."""
        from sklearn.linear_model import LogisticRegression

        features = colour_features(photos, rows, grids)
        model = LogisticRegression(C=_C, max_iter=2000).fit(features, labels)
        return cls(grids, model.coef_.T, model.intercept_)

    def probabilities(self, photos: Photo) -> npt.NDArray[np.float64]:
        """Probabilities (n, classes) of decoded photos."""
        from scipy.special import softmax

        features = colour_features(photos, np.arange(len(photos)), self.grids)
        return np.asarray(softmax(features @ self.weights + self.bias, axis=1))


def _histograms(photos: Photo, grids: Sequence[Grid]) -> Features:
    """Square roots of the fraction of a photo's pixels in each cell: (n, cells)."""
    from matplotlib.colors import rgb_to_hsv

    hsv = rgb_to_hsv(photos.astype(np.float32) / 255).reshape(len(photos), -1, 3)
    parts = []
    for grid in grids:
        bins = np.minimum((hsv * grid).astype(np.int64), np.array(grid) - 1)
        cells = np.ravel_multi_index(tuple(np.moveaxis(bins, -1, 0)), grid)
        parts.append([np.bincount(row, minlength=int(np.prod(grid))) for row in cells])
    return np.sqrt(np.concatenate(parts, axis=1) / hsv.shape[1]).astype(np.float32)
