"""Direct ridge regression of the anomaly: its own coefficients for each location, step of the day
and lead.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from triptych.forecasting.contract import STEPS_PER_DAY
from triptych.forecasting.features.grid import FloatArray, IntArray
from triptych.forecasting.features.panel import Float32Array, Panel
from triptych.forecasting.features.scaling import moments, standardise
from triptych.forecasting.models.base import Arrays
from triptych.forecasting.models.learned import LearnedForecaster

BLOCK = 8  # leads that are solved together, on the origins whose targets are all known


class RidgeForecaster(LearnedForecaster):
    """Ridge on standardised features (Hoerl and Kennard, Technometrics 12, 1970, 55-67).

    Parameters: `penalty`, in units of one standardised feature's sum of squares a row;
    `neighbours`.
    """

    name: ClassVar[str] = "ridge"
    defaults: ClassVar[Mapping[str, Any]] = {"penalty": 0.03, "neighbours": 2}

    def _learn(self, panel: Panel, origins: IntArray) -> None:
        places, width = len(panel.grid.locations), len(self.feature_names)
        self._center = np.zeros((places, STEPS_PER_DAY, width))
        self._spread = np.ones((places, STEPS_PER_DAY, width))
        self._weights = np.zeros((places, STEPS_PER_DAY, width, self.max_lead))
        self._intercept = np.zeros((places, STEPS_PER_DAY, self.max_lead))
        leads = np.arange(1, self.max_lead + 1)
        for slot in range(STEPS_PER_DAY):
            chosen = origins[origins % STEPS_PER_DAY == slot]
            features = self.features(panel, chosen)
            targets = self.targets(panel, chosen, leads)
            for place in range(places):
                self._solve(place, slot, features[place], targets[place])

    def _solve(self, place: int, slot: int, features: Float32Array, targets: Float32Array) -> None:
        raw = features.astype(np.float64)
        center, spread = moments(raw)
        self._center[place, slot], self._spread[place, slot] = center, spread
        design = standardise(raw, center, spread)
        for first in range(0, self.max_lead, BLOCK):
            block = slice(first, min(first + BLOCK, self.max_lead))
            known = np.isfinite(targets[:, block]).all(axis=1)
            if known.any():
                weights, intercept = solve_ridge(
                    design[known],
                    targets[known, block].astype(np.float64),
                    self.parameters["penalty"],
                )
                self._weights[place, slot, :, block] = weights
                self._intercept[place, slot, block] = intercept

    def _anomaly(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        features = self.features(panel, origins).astype(np.float64)
        out = np.empty((len(panel.grid.locations), len(origins), len(leads)))
        for slot in np.unique(origins % STEPS_PER_DAY):
            here = origins % STEPS_PER_DAY == slot
            at = (panel.rows, slot)
            design = standardise(
                features[:, here], self._center[at][:, None], self._spread[at][:, None]
            )
            weights = self._weights[at][:, :, leads - 1]
            total = np.repeat(self._intercept[at][:, None, leads - 1], here.sum(), axis=1)
            # Column by column, not by BLAS: a forecast must not depend on how many are asked for.
            for column in range(design.shape[-1]):
                total += design[:, :, column, None] * weights[:, None, column]
            out[:, here] = total
        return out

    def importance_values(self) -> FloatArray:
        """Mean absolute standardised coefficient over locations, origins' hours and the first day's
        leads.
        """
        first_day = np.abs(self._weights[..., :STEPS_PER_DAY])
        return np.asarray(first_day.mean(axis=(0, 1, 3)), dtype=np.float64)

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


def solve_ridge(
    design: FloatArray, targets: FloatArray, penalty: float
) -> tuple[FloatArray, FloatArray]:
    """Coefficients (column, lead) and intercepts (lead,) of standardised rows."""
    mean = targets.mean(axis=0)
    gram = design.T @ design + penalty * len(design) * np.eye(design.shape[1])
    weights = np.linalg.solve(gram, design.T @ (targets - mean))
    return weights, mean
