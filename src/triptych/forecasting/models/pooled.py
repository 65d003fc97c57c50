"""Learned forecasters with one model for all locations, fitted from rows that batches gather."""

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from triptych.forecasting.contract import STEPS_PER_DAY
from triptych.forecasting.features.grid import IntArray
from triptych.forecasting.features.neighbours import Neighbours, find_neighbours
from triptych.forecasting.features.panel import Panel
from triptych.forecasting.models.base import Arrays
from triptych.forecasting.models.batched_fit import JoinedForecaster
from triptych.forecasting.models.learned import LOOKBACK_DAYS, LearnedForecaster

NEIGHBOURS = "neighbours"


class PooledForecaster(LearnedForecaster, JoinedForecaster):
    """Base of the forecasters that learn one model from the rows of all locations.

    Memory is that of the rows (float32): `origins`, a parameter, bounds how many a location gives.
    """

    @property
    def joinable(self) -> bool:
        """Whether batches can be fitted apart: neighbours would be sought within each alone."""
        return bool(self.parameters["neighbours"] == 0)

    def _learn(self, panel: Panel, origins: IntArray) -> None:
        self._learn_rows(self._rows_of(panel, origins))

    def gather(self, panel: Panel) -> Arrays:
        """The rows of these locations, and their neighbours among themselves."""
        self._neighbours = find_neighbours(panel.grid, int(self.parameters["neighbours"]))
        start = panel.grid.first + LOOKBACK_DAYS * STEPS_PER_DAY
        rows = self._rows_of(panel, np.arange(start, panel.grid.end))
        return {NEIGHBOURS: self._neighbours.table, **rows}

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
        """What is learned from, a row a location and origin."""

    @abstractmethod
    def _learn_rows(self, rows: Arrays) -> None:
        """Learn from the rows."""
