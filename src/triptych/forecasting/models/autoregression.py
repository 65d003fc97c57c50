"""Autoregression of the anomaly, of any number of locations in one piece of linear algebra."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from triptych.forecasting.features.grid import (
    TEMPERATURE,
    FloatArray,
    Grid,
    IntArray,
    ordered_product,
)
from triptych.forecasting.features.panel import Float32Array, Panel
from triptych.forecasting.models.anomaly import AnomalyForecaster
from triptych.forecasting.models.base import Arrays

CONSTANT = 1e-6  # variance of an anomaly in standard deviations, below which there is no weather


class AutoregressionForecaster(AnomalyForecaster):
    """AR(order) of the anomaly by Yule-Walker, a thousand times faster than `arima`.

    Parameters: `order`, the number of steps.
    """

    name: ClassVar[str] = "ar"
    defaults: ClassVar[Mapping[str, Any]] = {"order": 24}

    @property
    def batchable(self) -> bool:
        """Always: each location has its own coefficients."""
        return True

    @property
    def _shown_lags(self) -> int:
        return int(self.parameters["order"])

    def _narrowed(self, grid: Grid) -> Grid:
        return grid.only(TEMPERATURE)

    def _gather(self, panel: Panel) -> Arrays:
        """The coefficients of each location, shape (location, order); lag 1 first."""
        order = self._shown_lags
        known = np.nan_to_num(panel.anomalies[TEMPERATURE].astype(np.float64))
        moments = _autocovariances(known, order)
        varies = moments[:, :1] > CONSTANT
        first = np.eye(1, order)[0]  # white noise where nothing varies
        system = np.where(varies, moments[:, :-1], first)
        lag = np.abs(np.subtract.outer(np.arange(order), np.arange(order)))
        response = np.where(varies, moments[:, 1:], 0.0)[..., None]
        return {"coefficients": np.linalg.solve(system[:, lag], response)[..., 0]}

    def _anomaly(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        coefficients = self.state["coefficients"][panel.rows]
        values = _filled(panel.anomalies[TEMPERATURE], coefficients)
        lags = np.arange(1, coefficients.shape[1] + 1)
        past = np.nan_to_num(panel.grid.at_steps(values, origins[:, None] - lags))
        weights = _weights(coefficients, int(leads[-1]))[:, leads - 1]
        return ordered_product(past, weights.swapaxes(1, 2))

    def _importance_values(self) -> FloatArray:
        """Mean absolute weight of each past anomaly in the forecast of the next step."""
        return np.asarray(np.abs(self.state["coefficients"]).mean(axis=0), dtype=np.float64)


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
