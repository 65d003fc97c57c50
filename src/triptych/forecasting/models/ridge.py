"""Direct ridge regression of the anomaly: own coefficients for each step of day and lead."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from triptych.forecasting.contract import STEPS_PER_DAY
from triptych.forecasting.features.grid import FloatArray, IntArray
from triptych.forecasting.features.panel import (
    Float32Array,
    Panel,
    moments,
    standardise,
    weighted_sum,
)
from triptych.forecasting.models.base import Arrays
from triptych.forecasting.models.learned import LearnedForecaster, PooledForecaster

BLOCK = 8  # leads that are solved together, on the origins whose targets are all known
TABLES = ("center", "spread", "weights", "intercept")  # names in storage


class RidgeForecaster(LearnedForecaster):
    """Ridge on standardised features (Hoerl and Kennard, Technometrics 12, 1970, 55-67).

    Each location has its own coefficients. Parameters: `alpha`, in units of one standardised
    feature's sum of squares per row; `neighbours`.
    """

    name: ClassVar[str] = "ridge"
    defaults: ClassVar[Mapping[str, Any]] = {"alpha": 0.03, "neighbours": 2}
    _tables: Arrays  # each (location, step of day, …): TABLES

    def _learn(self, panel: Panel, origins: IntArray) -> None:
        leads = np.arange(1, self.max_lead + 1)
        by_step = []
        for step in range(STEPS_PER_DAY):
            chosen = origins[origins % STEPS_PER_DAY == step]
            features, targets = self.features(panel, chosen), self.targets(panel, chosen, leads)
            by_step.append([self._solve(*rows) for rows in zip(features, targets, strict=True)])
        self._stack(list(zip(*by_step, strict=True)))

    def _stack(self, fits: Sequence[Sequence[Sequence[FloatArray]]]) -> None:
        """Take the tables of each location and step of day."""
        self._tables = {
            name: np.array([[fit[place] for fit in location] for location in fits])
            for place, name in enumerate(TABLES)
        }

    def _solve(self, features: Float32Array, targets: Float32Array) -> list[FloatArray]:
        """TABLES of rows of features and targets; 0 for leads whose targets are never known."""
        raw = features.astype(np.float64)
        mean, scale = moments(raw)
        design = standardise(raw, mean, scale)
        weights, intercept = np.zeros((raw.shape[1], self.max_lead)), np.zeros(self.max_lead)
        for first in range(0, self.max_lead, BLOCK):
            block = slice(first, min(first + BLOCK, self.max_lead))
            known = np.isfinite(targets[:, block]).all(axis=1)
            if known.any():
                rows, wanted = design[known], targets[known, block].astype(np.float64)
                intercept[block] = wanted.mean(axis=0)
                alpha = self.parameters["alpha"] * len(rows)
                gram = rows.T @ rows + alpha * np.eye(rows.shape[1])
                moment = rows.T @ (wanted - intercept[block])
                weights[:, block] = np.linalg.solve(gram, moment)
        return [mean, scale, weights, intercept]

    def _rows(self, panel: Panel) -> IntArray:
        """The row of each location in the tables."""
        return panel.rows

    def _anomaly(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        features = self.features(panel, origins).astype(np.float64)
        out = np.empty((len(panel.grid.locations), len(origins), len(leads)))
        for step in np.unique(origins % STEPS_PER_DAY):
            here = origins % STEPS_PER_DAY == step
            at = (self._rows(panel), step)
            mean, scale, weights, intercept = (self._tables[name][at] for name in TABLES)
            design = standardise(features[:, here], mean[:, None], scale[:, None])
            total = weighted_sum(design, weights[:, :, leads - 1])
            out[:, here] = total + intercept[:, None, leads - 1]
        return out

    def importance_values(self) -> FloatArray:
        """Mean absolute standardised coefficient over the first day's leads."""
        first_day = np.abs(self._tables["weights"][..., :STEPS_PER_DAY])
        return np.asarray(first_day.mean(axis=(0, 1, 3)), dtype=np.float64)

    def _learned_arrays(self) -> Arrays:
        return self._tables

    def _restore_learned(self, arrays: Arrays, texts: Mapping[str, str]) -> None:  # noqa: ARG002
        self._tables = {name: arrays[name] for name in TABLES}


class PooledRidgeForecaster(PooledForecaster, RidgeForecaster):
    """Ridge whose coefficients all locations share.

    Locations differ by climatology, scale and features alone: ten thousand are stored as one, and
    a new one needs no fit. Parameters: those of ridge; `origins`, at most per location.
    """

    name: ClassVar[str] = "pooled_ridge"
    defaults: ClassVar[Mapping[str, Any]] = {"alpha": 0.003, "origins": None, "neighbours": 2}

    def _rows_of(self, panel: Panel, origins: IntArray) -> Arrays:
        chosen = self._drawn(origins)
        features = self.features(panel, chosen)
        targets = self.targets(panel, chosen, np.arange(1, self.max_lead + 1))
        return {
            "features": features.reshape(-1, features.shape[-1]),
            "targets": targets.reshape(-1, self.max_lead),
            "step": np.tile(chosen % STEPS_PER_DAY, len(features)),
        }

    def _learn_rows(self, rows: Arrays) -> None:
        chosen = (rows["step"] == step for step in range(STEPS_PER_DAY))
        fits = [self._solve(rows["features"][here], rows["targets"][here]) for here in chosen]
        self._stack([fits])

    def _rows(self, panel: Panel) -> IntArray:
        return np.zeros_like(panel.rows)

    def _restore_learned(self, arrays: Arrays, texts: Mapping[str, str]) -> None:
        super()._restore_learned(arrays, texts)
        if self._tables["intercept"].ndim == 2:  # noqa: PLR2004, stored by version 0.1
            self._tables = {name: table[None] for name, table in self._tables.items()}
