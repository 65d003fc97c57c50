"""Bases of the forecasters that add a forecast anomaly to the climatology."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from triptych.forecasting.arrays import Arrays, Float32Array, FloatArray, IntArray
from triptych.forecasting.contract import STEPS_PER_DAY, TEMPERATURE
from triptych.forecasting.features import feature_table
from triptych.forecasting.features.panel import Neighbours, Panel, find_neighbours
from triptych.forecasting.models.base import PanelForecaster

NEIGHBOURS = "neighbours"
SKIPPED_DAYS = 7  # of history before the first training origin


class AnomalyForecaster(PanelForecaster, ABC):
    """Base of the forecasters of the anomaly; its variables are the last `_shown_lags` ones."""

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The last anomalies, in training standard deviations."""
        return tuple(f"{TEMPERATURE}_lag{lag}" for lag in range(1, self._shown_lags + 1))

    def _input_values(self, panel: Panel, origins: IntArray) -> npt.NDArray[Any]:
        return panel.at_steps(TEMPERATURE, origins - np.arange(1, self._shown_lags + 1))

    @property
    def _shown_lags(self) -> int:
        return 0

    def _forecast(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        scale = panel.climatology.scale[TEMPERATURE][panel.rows]
        anomaly = scale[:, None, None] * self._anomaly(panel, origins, leads)
        return panel.normal(origins[:, None] + leads - 1) + anomaly

    @abstractmethod
    def _anomaly(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        """Forecast anomaly in training standard deviations, shape (location, origin, lead)."""


def anomaly_targets(panel: Panel, origins: IntArray, leads: IntArray) -> Float32Array:
    """True anomalies, shape (location, origin, lead), NaN where unknown."""
    return panel.at_steps(TEMPERATURE, origins[:, None] + leads - 1)


class LearnedForecaster(AnomalyForecaster):
    """Base of the forecasters that regress the anomaly on features."""

    uses_target: ClassVar[bool] = False

    def _training_origins(self, panel: Panel) -> IntArray:
        """Find the neighbours, and return the origins to learn from."""
        found = find_neighbours(panel.grid, int(self.parameters[NEIGHBOURS]))
        self.state = {NEIGHBOURS: found.table}
        return np.arange(panel.grid.first + SKIPPED_DAYS * STEPS_PER_DAY, panel.grid.end)

    @property
    def neighbours(self) -> Neighbours:
        """Neighbours of the training locations."""
        return Neighbours(self.locations, self.state[NEIGHBOURS])

    def neighbour_locations(self, locations: Collection[str]) -> set[str]:
        """The neighbours of these locations."""
        return self.neighbours.of(locations) - set(locations)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Features of the origin, then those of the target if the model uses them."""
        names = self._origin_names
        return names + feature_table.OF_TARGET if self.uses_target else names

    @property
    def _origin_names(self) -> tuple[str, ...]:
        count = self.state[NEIGHBOURS].shape[1]
        return feature_table.origin_feature_names(self.fitted.coefficients, count)

    def features(self, panel: Panel, origins: IntArray) -> Float32Array:
        """Features of the origins, shape (location, origin, feature)."""
        return feature_table.origin_features(panel, self.neighbours, origins)

    def _input_values(self, panel: Panel, origins: IntArray) -> Float32Array:
        values = self.features(panel, origins)[:, 0]
        if self.uses_target:
            of_target = feature_table.target_features(panel, origins, np.array([1]))[:, 0, 0]
            values = np.concatenate([values, of_target], axis=1)
        return values


class PooledForecaster(LearnedForecaster):
    """Base of forecasters that learn one model from at most `origins` float32 rows a location."""

    @property
    def batchable(self) -> bool:
        """Whether batches can be fitted apart: neighbours would be sought within each alone."""
        return bool(self.parameters[NEIGHBOURS] == 0)

    def _fit(self, panel: Panel) -> None:
        self._learn([self._gather(panel)])

    def _gather(self, panel: Panel) -> Arrays:
        rows = self._rows_of(panel, self._training_origins(panel))
        return {**self.state, **rows}

    def _learn(self, parts: Sequence[Arrays]) -> None:
        super()._learn(parts)
        rows = self.state
        self.state = {NEIGHBOURS: rows.pop(NEIGHBOURS)}
        self._learn_rows(rows)

    def _drawn(self, origins: IntArray) -> IntArray:
        """At most as many origins as the parameter says, the same for every location."""
        most = self.parameters["origins"]
        if most is None or most >= len(origins):
            return origins
        draw = np.random.default_rng(self.seed).permutation(len(origins))[:most]
        return np.asarray(origins[np.sort(draw)], dtype=np.int64)

    @abstractmethod
    def _rows_of(self, panel: Panel, origins: IntArray) -> Arrays:
        """The training rows, one per location and origin."""

    @abstractmethod
    def _learn_rows(self, rows: Arrays) -> None:
        """Learn from the training rows."""
