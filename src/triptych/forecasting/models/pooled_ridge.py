"""Direct ridge regression of the anomaly, one for all locations."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from triptych.forecasting.contract import STEPS_PER_DAY
from triptych.forecasting.features.grid import FloatArray, IntArray
from triptych.forecasting.features.panel import Panel
from triptych.forecasting.features.scaling import moments, standardise
from triptych.forecasting.models.base import Arrays
from triptych.forecasting.models.pooled import PooledForecaster
from triptych.forecasting.models.ridge import BLOCK, solve_ridge


class PooledRidgeForecaster(PooledForecaster):
    """Ridge with its own coefficients for each step of the day and lead, shared by the locations.

    A location differs by its climatology, the scale of its anomalies and its features alone: so
    ten thousand are stored as one, and a new one needs no fit of its own.

    Parameters: `penalty`, as of ridge; `origins` that a location gives at most; `neighbours`.
    """

    name: ClassVar[str] = "pooled_ridge"
    defaults: ClassVar[Mapping[str, Any]] = {"penalty": 0.003, "origins": None, "neighbours": 2}

    def _rows_of(self, panel: Panel, origins: IntArray) -> Arrays:
        chosen = self._drawn(origins)
        features = self.features(panel, chosen)
        targets = self.targets(panel, chosen, np.arange(1, self.max_lead + 1))
        return {
            "features": features.reshape(-1, features.shape[-1]),
            "targets": targets.reshape(-1, self.max_lead),
            "slot": np.tile(chosen % STEPS_PER_DAY, len(features)),
        }

    def _learn_rows(self, rows: Arrays) -> None:
        width = rows["features"].shape[1]
        self._center, self._spread = np.zeros((2, STEPS_PER_DAY, width))
        self._weights = np.zeros((STEPS_PER_DAY, width, self.max_lead))
        self._intercept = np.zeros((STEPS_PER_DAY, self.max_lead))
        for slot in range(STEPS_PER_DAY):
            here = rows["slot"] == slot
            raw = rows["features"][here].astype(np.float64)
            self._center[slot], self._spread[slot] = moments(raw)
            design = standardise(raw, self._center[slot], self._spread[slot])
            self._solve(slot, design, rows["targets"][here].astype(np.float64))

    def _solve(self, slot: int, design: FloatArray, targets: FloatArray) -> None:
        for first in range(0, self.max_lead, BLOCK):
            block = slice(first, min(first + BLOCK, self.max_lead))
            known = np.isfinite(targets[:, block]).all(axis=1)
            if known.any():
                self._weights[slot, :, block], self._intercept[slot, block] = solve_ridge(
                    design[known], targets[known, block], self.parameters["penalty"]
                )

    def _anomaly(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        features = self.features(panel, origins)
        out = np.empty((len(panel.grid.locations), len(origins), len(leads)))
        for slot in np.unique(origins % STEPS_PER_DAY):
            here = origins % STEPS_PER_DAY == slot
            raw = features[:, here].astype(np.float64)
            design = standardise(raw, self._center[slot], self._spread[slot])
            total = np.zeros((*design.shape[:2], len(leads)))
            # Column by column, not by BLAS: a forecast must not depend on how many are asked for.
            for column in range(design.shape[-1]):
                total += design[:, :, column, None] * self._weights[slot, column, leads - 1]
            out[:, here] = total + self._intercept[slot, leads - 1]
        return out

    def importance_values(self) -> FloatArray:
        """Mean absolute standardised coefficient over origins' hours and the first day's leads."""
        first_day = np.abs(self._weights[..., :STEPS_PER_DAY])
        return np.asarray(first_day.mean(axis=(0, 2)), dtype=np.float64)

    def _learned_arrays(self) -> Arrays:
        return {
            "center": self._center,
            "spread": self._spread,
            "weights": self._weights,
            "intercept": self._intercept,
        }

    def _restore_learned(self, arrays: Arrays, texts: Mapping[str, str]) -> None:  # noqa: ARG002
        self._center, self._spread = arrays["center"], arrays["spread"]
        self._weights, self._intercept = arrays["weights"], arrays["intercept"]
