"""One kernel regression: of one location, from one step of the day, for all leads."""

from dataclasses import dataclass
from typing import Self, TypeVar

import numpy as np

from triptych.forecasting.features.grid import FloatArray
from triptych.forecasting.features.panel import Float32Array
from triptych.forecasting.features.scaling import moments, standardise

Floats = TypeVar("Floats", Float32Array, FloatArray)


SLOPE_ROWS = 1000  # enough for a mean slope
# Leads (first, last) and their noise: the less that can be foreseen, the smoother the fit.
NOISE = ((1, 8, 1.0), (9, 16, 3.0), (17, None, 50.0))


@dataclass(frozen=True, slots=True)
class Kernel:
    """Matérn 3/2 of the state times a Gaussian of the season, plus a linear kernel of the state.

    Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, eq. 4.17. `scales` (one a
    feature of the state) are normalised, so that a standardised state has length 1.
    """

    scales: FloatArray
    width: float
    season: float
    linear: float

    def covariance(self, left: Float32Array, right: Float32Array) -> FloatArray:
        """Kernel of two designs, shape (left, right)."""
        product, distance = _products(left[:, : -len(SEASON)], right[:, : -len(SEASON)])
        _, apart = _products(left[:, -len(SEASON):], right[:, -len(SEASON):])
        scaled = np.sqrt(3 * distance) * np.float32(self.width)
        matern = (1 + scaled) * np.exp(-scaled - np.float32(self.season) * apart)
        return np.asarray(matern + np.float32(self.linear) * product, dtype=np.float64)

    def design(self, raw: FloatArray, center: FloatArray, spread: FloatArray) -> Float32Array:
        """Standardised and scaled state, then the season as it is; missing counts as average."""
        weights = self.scales / np.sqrt(np.square(self.scales).sum())
        state = standardise(raw[:, : -len(SEASON)], center, spread) * weights
        return np.hstack([state, raw[:, -len(SEASON):]]).astype(np.float32)


@dataclass(frozen=True, slots=True)
class KernelModel:
    """A fitted regression: `center`, `spread` (feature,), `design`, `mean` (lead,), `dual` (row,
    lead).
    """

    center: FloatArray
    spread: FloatArray
    design: Float32Array
    mean: FloatArray
    dual: FloatArray

    @classmethod
    def fit(cls, kernel: Kernel, raw: FloatArray, targets: FloatArray, penalty: float) -> Self:
        """Kernel ridge regression of `targets` (row, lead) on `raw` features (row, feature).

        Saunders, Gammerman and Vovk, ICML 1998, 515-521: dual = (K + penalty I)⁻¹ (targets - mean).
        """
        center, spread = moments(raw[:, : -len(SEASON)])
        design = kernel.design(raw, center, spread)
        mean = targets.sum(axis=0) / max(len(targets), 1)
        dual = _dual(kernel.covariance(design, design), targets - mean, penalty)
        return cls(center, spread, design, mean, dual)

    def forecast(self, kernel: Kernel, raw: FloatArray) -> FloatArray:
        """Anomaly at every lead for one row of features, shape (lead,)."""
        here = kernel.design(raw[None], self.center, self.spread)
        weights = kernel.covariance(here, self.design)[0]
        return np.asarray(self.mean + weights @ self.dual, dtype=np.float64)

    def slopes(self, kernel: Kernel, leads: int) -> FloatArray:
        """Mean square slope of the first `leads`' mean along each standardised feature
        (Radhakrishnan et al., Science 383, 2024, 1461-1467); 0 for the season.
        """
        design = self.design[-SLOPE_ROWS:].astype(np.float64)
        dual = self.dual[-SLOPE_ROWS:, :leads].mean(axis=1)
        state = design[:, : -len(SEASON)]
        _, distance = _products(state, state)
        _, apart = _products(design[:, -len(SEASON):], design[:, -len(SEASON):])
        decay = np.exp(-np.sqrt(3 * distance) * kernel.width - kernel.season * apart)
        pull = 3 * kernel.width**2 * decay * dual
        slopes = pull @ state - pull.sum(axis=1)[:, None] * state + kernel.linear * (dual @ state)
        return np.append(np.square(slopes * kernel.scales).mean(axis=0), np.zeros(len(SEASON)))


def _dual(system: FloatArray, wanted: FloatArray, penalty: float) -> FloatArray:
    parts: list[FloatArray] = []
    added = 0.0
    for first, last, factor in NOISE:
        if first <= wanted.shape[1]:
            system[np.diag_indices(len(system))] += penalty * factor - added
            solved = np.linalg.solve(system, wanted[:, first - 1 : last])
            parts.append(np.asarray(solved, dtype=np.float64))
            added = penalty * factor
    return np.concatenate(parts, axis=1)


def _products(left: Floats, right: Floats) -> tuple[Floats, Floats]:
    """Inner products and squared distances of the rows, shape (left, right)."""
    product: Floats = left @ right.T
    lengths = np.square(left).sum(axis=1)[:, None] + np.square(right).sum(axis=1)
    return product, np.maximum(lengths - 2 * product, 0)
