"""Standardised features, and sums over them, of the linear and the kernel models."""

import numpy as np

from triptych.forecasting.features.grid import FloatArray

CONSTANT = 1e-6  # a feature that varies less does not explain anything


def moments(raw: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of the known values of each column; 0 and 1 if there is none."""
    known = np.isfinite(raw)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, raw, 0).sum(axis=0) / count
    scale = np.sqrt(np.where(known, (raw - mean) ** 2, 0).sum(axis=0) / count)
    return mean, np.where(scale > CONSTANT, scale, 1.0)


def standardise(raw: FloatArray, mean: FloatArray, scale: FloatArray) -> FloatArray:
    """Standardised features; missing values count as average."""
    return np.nan_to_num((raw - mean) / scale, nan=0.0)


def weighted_sum(design: FloatArray, weights: FloatArray) -> FloatArray:
    """`design` (location, origin, column) times `weights` (location, column, lead).

    Column by column, not by BLAS: a forecast must not depend on how many are requested with it.
    """
    total = np.zeros((*design.shape[:2], weights.shape[2]))
    for column in range(design.shape[2]):
        total += design[:, :, column, None] * weights[:, None, column]
    return total
