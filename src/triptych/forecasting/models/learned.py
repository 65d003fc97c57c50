"""What regressions of the anomaly share: features, targets, neighbours."""

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar

import numpy as np

from triptych.forecasting.contract import STEPS_PER_DAY
from triptych.forecasting.errors import UnfittedModelError
from triptych.forecasting.features.feature_table import (
    OF_TARGET,
    at_steps,
    origin_feature_names,
    origin_features,
    target_features,
)
from triptych.forecasting.features.grid import TEMPERATURE, IntArray
from triptych.forecasting.features.neighbours import Neighbours, find_neighbours
from triptych.forecasting.features.panel import Float32Array, Panel
from triptych.forecasting.models.base import AnomalyForecaster, Arrays
from triptych.forecasting.models.batched_fit import BatchedForecaster

NEIGHBOURS = "neighbours"
LOOKBACK_DAYS = 7  # of history before the first origin that is learned from


class LearnedForecaster(AnomalyForecaster):
    """Base of the forecasters that regress the anomaly on features."""

    uses_target: ClassVar[bool] = False
    _neighbours: Neighbours | None = None

    def _fit(self, panel: Panel) -> None:
        self._learn(panel, self._training_origins(panel))

    def _training_origins(self, panel: Panel) -> IntArray:
        """Find the neighbours, and return the origins to learn from."""
        self._neighbours = find_neighbours(panel.grid, int(self.parameters[NEIGHBOURS]))
        return np.arange(panel.grid.first + LOOKBACK_DAYS * STEPS_PER_DAY, panel.grid.end)

    @abstractmethod
    def _learn(self, panel: Panel, origins: IntArray) -> None:
        """Learn from the forecasts that could have been issued at `origins`."""

    @property
    def neighbours(self) -> Neighbours:
        """Neighbours of the training locations; UnfittedModelError before `fit`."""
        if self._neighbours is None:
            raise UnfittedModelError(f"{self.name} has not been fitted: call fit(history) first.")
        return self._neighbours

    def neighbour_locations(self, locations: Collection[str]) -> set[str]:
        """The neighbours of these locations."""
        return self.neighbours.of(locations) - set(locations)

    def warn_of_missing(self, locations: tuple[str, ...]) -> None:
        """Log the neighbours that a history of these locations lacks."""
        self.neighbours.warn_of_missing(locations)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Features of the origin, then those of the target if the model uses them."""
        names = origin_feature_names(self.fitted.climatology.coefficients, self.neighbours.count)
        return names + OF_TARGET if self.uses_target else names

    def features(self, panel: Panel, origins: IntArray) -> Float32Array:
        """Features of the origins, shape (location, origin, feature)."""
        return origin_features(panel, self.neighbours, origins)

    @staticmethod
    def targets(panel: Panel, origins: IntArray, leads: IntArray) -> Float32Array:
        """True anomalies, shape (location, origin, lead), NaN where unknown."""
        return at_steps(panel, panel.anomalies[TEMPERATURE], origins[:, None] + leads - 1)

    def input_values(self, panel: Panel, origins: IntArray) -> Float32Array:
        """Values of `feature_names` for lead 1, shape (location, feature)."""
        values = self.features(panel, origins)[:, 0]
        if self.uses_target:
            of_target = target_features(panel, origins, np.array([1]))[:, 0, 0]
            values = np.concatenate([values, of_target], axis=1)
        return values

    def arrays(self) -> Arrays:
        """Learned arrays and the table of neighbours."""
        return {NEIGHBOURS: self.neighbours.table, **self._learned_arrays()}

    def restore(self, arrays: Arrays, texts: Mapping[str, str]) -> None:
        """Restore from `arrays` and `texts`."""
        self._neighbours = Neighbours(self.locations, arrays[NEIGHBOURS])
        self._restore_learned(arrays, texts)

    @abstractmethod
    def _learned_arrays(self) -> Arrays:
        """What the model itself learned."""

    @abstractmethod
    def _restore_learned(self, arrays: Arrays, texts: Mapping[str, str]) -> None:
        """Restore from `_learned_arrays` and `texts`."""


class PooledForecaster(LearnedForecaster, BatchedForecaster):
    """Base of the forecasters that learn one model from the rows of all locations.

    Memory is that of the rows (float32): the parameter `origins` bounds how many a location gives.
    """

    @property
    def batchable(self) -> bool:
        """Whether batches can be fitted apart: neighbours would be sought within each alone."""
        return bool(self.parameters[NEIGHBOURS] == 0)

    def _learn(self, panel: Panel, origins: IntArray) -> None:
        self._learn_rows(self._rows_of(panel, origins))

    def gather(self, panel: Panel) -> Arrays:
        """The rows of these locations, and their neighbours among themselves."""
        rows = self._rows_of(panel, self._training_origins(panel))
        return {NEIGHBOURS: self.neighbours.table, **rows}

    def learn(self, parts: Sequence[Arrays]) -> None:
        """Learn from the rows of all parts."""
        together = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        self._neighbours = Neighbours(self.locations, together.pop(NEIGHBOURS))
        self._learn_rows(together)

    def _drawn(self, origins: IntArray) -> IntArray:
        """At most as many origins as the parameter says, the same for every location."""
        most = self.parameters["origins"]
        if most is None or most >= len(origins):
            return origins
        draw = np.random.default_rng(self.seed).permutation(len(origins))[:most]
        return np.asarray(origins[np.sort(draw)], dtype=np.int64)

    @abstractmethod
    def _rows_of(self, panel: Panel, origins: IntArray) -> Arrays:
        """What is learned from, one row per location and origin."""

    @abstractmethod
    def _learn_rows(self, rows: Arrays) -> None:
        """Learn from the rows."""
