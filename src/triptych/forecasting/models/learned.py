"""What ridge, forest and gradient boosting share: features, targets, neighbours."""

from abc import abstractmethod
from collections.abc import Collection, Mapping
from typing import ClassVar

import numpy as np
import pandas as pd

from triptych.forecasting.contract import STEPS_PER_DAY
from triptych.forecasting.errors import UnfittedModelError
from triptych.forecasting.features.feature_table import (
    OF_TARGET,
    origin_feature_names,
    origin_features,
    target_features,
)
from triptych.forecasting.features.grid import TEMPERATURE, FloatArray, IntArray
from triptych.forecasting.features.neighbours import Neighbours, find_neighbours
from triptych.forecasting.features.panel import Float32Array, Panel
from triptych.forecasting.models.base import Arrays, PanelForecaster, inputs_frame, normal_targets
from triptych.forecasting.models.validation import check_origins

LOOKBACK_DAYS = 7  # of history before the first origin that is learned from


class LearnedForecaster(PanelForecaster):
    """Base of the forecasters that regress the anomaly on features."""

    uses_target: ClassVar[bool] = False
    _neighbours: Neighbours | None = None

    def _fit(self, panel: Panel) -> None:
        self._neighbours = find_neighbours(panel.grid, int(self.parameters["neighbours"]))
        start = panel.grid.first + LOOKBACK_DAYS * STEPS_PER_DAY
        self._learn(panel, np.arange(start, panel.grid.end))

    @abstractmethod
    def _learn(self, panel: Panel, origins: IntArray) -> None:
        """Learn from the forecasts that could have been issued at `origins`."""

    def forecast_panel(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        """Forecast temperature in °C, shape (location, origin, lead): the normal and the anomaly
        learned.
        """
        scale = panel.climatology.scale[TEMPERATURE][panel.rows]
        anomaly = scale[:, None, None] * self._anomaly(panel, origins, leads)
        return normal_targets(panel, origins, leads) + anomaly

    @abstractmethod
    def _anomaly(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        """Forecast anomaly in training standard deviations, shape (location, origin, lead)."""

    @property
    def neighbours(self) -> Neighbours:
        """Neighbours of the training locations; UnfittedModelError before `fit`."""
        if self._neighbours is None:
            raise UnfittedModelError(f"{self.name} has not been fitted: call fit(history) first.")
        return self._neighbours

    def companions(self, locations: Collection[str]) -> set[str]:
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
        """True anomalies, shape (location, origin, lead), NaN where missing or after the history's
        end.
        """
        column = origins[:, None] + leads - 1 - panel.grid.first
        inside = column < panel.grid.length
        found = panel.anomalies[TEMPERATURE][:, np.minimum(column, panel.grid.length - 1)]
        return np.asarray(np.where(inside, found, np.float32(np.nan)), dtype=np.float32)

    def inputs(self, history: pd.DataFrame, origin: pd.Timestamp) -> pd.DataFrame:
        """Explanatory variables of a forecast issued at `origin`, of lead 1: `location, feature,
        value`.
        """
        panel = self.panel(history)
        origins = check_origins(panel.grid, pd.DatetimeIndex([origin]))
        values = self.features(panel, origins)[:, 0]
        if self.uses_target:
            of_target = target_features(panel, origins, np.array([1]))[:, 0, 0]
            values = np.concatenate([values, of_target], axis=1)
        return inputs_frame(panel.grid.locations, self.feature_names, values)

    @abstractmethod
    def importance_values(self) -> FloatArray:
        """How much each of `feature_names` matters, on a scale of the model's own."""

    def arrays(self) -> Arrays:
        """Learned arrays and the table of neighbours."""
        return {"neighbours": self.neighbours.table, **self._learned_arrays()}

    def restore(self, arrays: Arrays, texts: Mapping[str, str]) -> None:
        """Take back what `arrays` and `texts` gave."""
        self._neighbours = Neighbours(self.locations, arrays["neighbours"])
        self._restore_learned(arrays, texts)

    @abstractmethod
    def _learned_arrays(self) -> Arrays:
        """What the model itself learned."""

    @abstractmethod
    def _restore_learned(self, arrays: Arrays, texts: Mapping[str, str]) -> None:
        """Take back what `_learned_arrays` and `texts` gave."""
