"""Means and extremes over the last steps, missing values left out."""

from typing import Any

import numpy as np
import numpy.typing as npt

from triptych.forecasting.features.grid import FloatArray
from triptych.forecasting.features.panel import Float32Array


def windowed(values: Float32Array, kind: str, width: int) -> Float32Array:
    """`mean`, `min` or `max` of the known values of the `width` steps that end with each, NaN if
    none.

    Shape (location, step). In numpy: extremes four times faster than pandas' rolling.
    """
    if kind == "mean":
        return _mean(values, width)
    sign = np.float32(1 if kind == "max" else -1)
    best = np.where(np.isfinite(values), sign * values, np.float32(-np.inf))
    span = 1
    while span < width:  # a window of 2 s is the better of two windows of s
        shift = min(span, width - span)
        best[:, shift:] = np.maximum(best[:, shift:], best[:, :-shift].copy())
        span += shift
    known = np.where(np.isfinite(best), sign * best, np.float32(np.nan))
    return np.asarray(known, dtype=np.float32)


def _mean(values: Float32Array, width: int) -> Float32Array:
    known = np.isfinite(values)
    total = _sums(np.where(known, values, 0), width)
    count = _sums(known, width)
    mean = np.divide(total, count, out=np.full(values.shape, np.nan), where=count > 0)
    return np.asarray(mean, dtype=np.float32)


def _sums(values: npt.NDArray[Any], width: int) -> FloatArray:
    running = np.cumsum(values, axis=1, dtype=np.float64)
    running[:, width:] -= running[:, :-width].copy()
    return running
