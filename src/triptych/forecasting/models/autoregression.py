"""Autoregression of the anomaly, of any number of locations in one piece of linear algebra."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from triptych.forecasting.features.feature_table import at_steps
from triptych.forecasting.features.grid import TEMPERATURE, FloatArray, Grid, IntArray
from triptych.forecasting.features.panel import Float32Array, Panel
from triptych.forecasting.models.base import Arrays
from triptych.forecasting.models.batched_fit import BatchedForecaster

CONSTANT = 1e-6  # variance of an anomaly in standard deviations, below which there is no weather


class AutoregressionForecaster(BatchedForecaster):
    """AR(order) of the anomaly by Yule-Walker, a thousand times faster than `arima`.

    Parameters: `order`, the number of steps.
    """

    name: ClassVar[str] = "ar"
    defaults: ClassVar[Mapping[str, Any]] = {"order": 24}

    def narrowed(self, grid: Grid) -> Grid:
        """Temperature alone: the other variables would be carried along for nothing."""
        only = {TEMPERATURE: grid.values[TEMPERATURE]}
        return Grid(grid.locations, grid.first, only, grid.latitude, grid.longitude)

    def gather(self, panel: Panel) -> Arrays:
        """The coefficients of each location, shape (location, order); lag 1 first."""
        order = self.parameters["order"]
        known = np.nan_to_num(panel.anomalies[TEMPERATURE].astype(np.float64))
        moments = _autocovariances(known, order)
        varies = moments[:, :1] > CONSTANT
        first = np.eye(1, order)[0]  # white noise where nothing varies
        system = np.where(varies, moments[:, :-1], first)
        lag = np.abs(np.subtract.outer(np.arange(order), np.arange(order)))
        response = np.where(varies, moments[:, 1:], 0.0)[..., None]
        return {"coefficients": np.linalg.solve(system[:, lag], response)[..., 0]}

    def learn(self, parts: Sequence[Arrays]) -> None:
        """Put the locations of all parts one after the other."""
        self._coefficients: FloatArray = np.concatenate([part["coefficients"] for part in parts])

    def _anomaly(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        coefficients = self._coefficients[panel.rows]
        values = _filled(panel.anomalies[TEMPERATURE], coefficients)
        weights = _weights(coefficients, int(leads[-1]))[:, leads - 1]
        column = origins - panel.grid.first
        total = np.zeros((len(values), len(origins), len(leads)))
        # Term by term, not by BLAS: a forecast must not depend on how many are requested with it.
        for lag in range(coefficients.shape[1]):
            past = np.where(column > lag, values[:, np.maximum(column - 1 - lag, 0)], 0.0)
            total += past[:, :, None] * weights[:, None, :, lag]
        return total

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The last anomalies, in training standard deviations."""
        return tuple(f"{TEMPERATURE}_lag{lag + 1}" for lag in range(self.parameters["order"]))

    def input_values(self, panel: Panel, origins: IntArray) -> Float32Array:
        """The last anomalies before the one origin, latest first, shape (location, lag)."""
        lags = origins - np.arange(1, self.parameters["order"] + 1)
        return at_steps(panel, panel.anomalies[TEMPERATURE], lags)

    def importance_values(self) -> FloatArray:
        """Mean absolute weight of each past anomaly in the forecast of the next step."""
        return np.asarray(np.abs(self._coefficients).mean(axis=0), dtype=np.float64)

    def arrays(self) -> Arrays:
        """The coefficients of all locations."""
        return {"coefficients": self._coefficients}

    def restore(self, arrays: Arrays, texts: Mapping[str, str]) -> None:  # noqa: ARG002
        """Restore from `arrays`."""
        self._coefficients = arrays["coefficients"]


def _autocovariances(values: FloatArray, order: int) -> FloatArray:
    """Of lags 0 to `order` over the whole length, shape (location, lag)."""
    length = values.shape[1]
    moments = [
        (values[:, None, : length - lag] @ values[:, lag:, None])[:, 0, 0]
        for lag in range(order + 1)
    ]
    return np.asarray(np.stack(moments, axis=1) / length, dtype=np.float64)


def _filled(anomalies: Float32Array, coefficients: FloatArray) -> FloatArray:
    """The anomalies, what is missing forecast from what lies before it; before all, the normal."""
    values = anomalies.astype(np.float64)
    missing = np.isnan(values)
    order = coefficients.shape[1]
    for step in np.flatnonzero(missing.any(axis=0)):
        rows = np.flatnonzero(missing[:, step])
        past = values[rows, max(0, step - order) : step][:, ::-1]
        values[rows, step] = (past * coefficients[rows, : past.shape[1]]).sum(axis=1)
    return values


def _weights(coefficients: FloatArray, leads: int) -> FloatArray:
    """Weights of the last values, latest first, in the forecasts: shape (location, lead, lag)."""
    places, order = coefficients.shape
    weights = np.zeros((places, leads, order))
    for lead in range(leads):
        weights[:, lead, : max(0, order - lead)] = coefficients[:, lead:]
        for back in range(min(lead, order)):
            weights[:, lead] += coefficients[:, back, None] * weights[:, lead - 1 - back]
    return weights
