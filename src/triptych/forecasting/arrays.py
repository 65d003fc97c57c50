"""Types of arrays, and operations whose rows do not depend on the number of rows."""

from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Arrays = dict[str, npt.NDArray[Any]]  # by name, as they are stored


def between_knots(knots: IntArray, at: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
    """For linear interpolation: the knots before and after each point, the share of the latter."""
    place = np.interp(at, knots, np.arange(len(knots)))
    before = np.floor(place).astype(np.int64)
    return before, np.minimum(before + 1, len(knots) - 1), place - before


def known_mean(values: npt.NDArray[Any], axis: int) -> FloatArray:
    """Mean of the known values along an axis, NaN where there is none."""
    known = np.isfinite(values)
    count = known.sum(axis=axis)
    mean = np.where(known, values, 0.0).sum(axis=axis) / np.maximum(count, 1)
    return np.where(count > 0, mean, np.nan)


def running_sums(values: npt.NDArray[Any], width: int) -> FloatArray:
    """Sums of the `width` steps (axis 1) that end with each."""
    running = np.cumsum(values, axis=1, dtype=np.float64)
    running[:, width:] -= running[:, :-width].copy()
    return running


def ordered_product(left: FloatArray, right: FloatArray) -> FloatArray:
    """Matrix product of the last two axes, term by term: BLAS rounds rows by their number."""
    total = np.zeros((*left.shape[:-1], right.shape[-1]))
    for term in range(left.shape[-1]):
        total += left[..., term, None] * right[..., None, term, :]
    return total
