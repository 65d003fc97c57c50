"""Standardised features for the linear and the kernel model."""

import numpy as np

from triptych.forecasting.features.grid import FloatArray

CONSTANT = 1e-6  # a feature that varies less does not explain anything


def moments(raw: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of the known values of each column; 0 and 1 if there is none."""
    known = np.isfinite(raw)
    count = np.maximum(known.sum(axis=0), 1)
    center = np.where(known, raw, 0).sum(axis=0) / count
    spread = np.sqrt(np.where(known, (raw - center) ** 2, 0).sum(axis=0) / count)
    return center, np.where(spread > CONSTANT, spread, 1.0)


def standardise(raw: FloatArray, center: FloatArray, spread: FloatArray) -> FloatArray:
    """Standardised features; what is missing counts as average."""
    return np.nan_to_num((raw - center) / spread, nan=0.0)
