"""The textbook SARIMAX: regression on variables known in advance, with SARMA errors."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from triptych.forecasting.features.exogenous import CALENDAR, calendar
from triptych.forecasting.features.grid import TEMPERATURE, FloatArray, IntArray
from triptych.forecasting.features.panel import Panel
from triptych.forecasting.models.arima import SHOWN_LAGS, SarimaForecaster
from triptych.forecasting.models.base import normal_targets


class SarimaxForecaster(SarimaForecaster):
    """SARIMAX(ar, 0, ma)(seasonal_ar, 0, seasonal_ma) with season 8 of the temperature in °C.

    The regressors are solar elevation and the calendar (exogenous.CALENDAR): known at every target,
    so nothing observed after the origin is used. They replace the climatology that the other models
    subtract. Parameters: those of SARIMA; low orders by default, because high ones fit slowly.
    """

    name: ClassVar[str] = "sarimax"
    defaults: ClassVar[Mapping[str, Any]] = {"ar": 2, "ma": 0, "seasonal_ar": 1, "seasonal_ma": 1}

    def _fit(self, panel: Panel) -> None:
        regressors = calendar(panel, panel.grid.steps)
        tables = np.concatenate([panel.grid.values[TEMPERATURE][..., None], regressors], axis=2)
        self._fit_each(panel, tables)

    def _anomaly(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        targets = origins[:, None] + leads - 1
        regressors = calendar(panel, targets.ravel())
        residuals = self._residuals(panel)
        out = np.empty((len(regressors), *targets.shape))
        for row, name in enumerate(panel.grid.locations):
            fitted = self._processes[name]
            states = fitted.process.states(residuals[row])[:, origins - panel.grid.first]
            expected = _expected(regressors[row], fitted.regression).reshape(targets.shape)
            out[row] = expected + fitted.process.forecast(states, leads)
        scale = panel.climatology.scale[TEMPERATURE][panel.rows][:, None, None]
        return (out - normal_targets(panel, origins, leads)) / scale

    def _residuals(self, panel: Panel) -> FloatArray:
        """Temperature less its regression in °C, shape (location, step)."""
        regressors = calendar(panel, panel.grid.steps)
        expected = [
            _expected(table, self._processes[name].regression)
            for table, name in zip(regressors, panel.grid.locations, strict=True)
        ]
        return np.asarray(panel.grid.values[TEMPERATURE] - np.stack(expected))

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The last residuals of the regression in °C, then its regressors at the first target."""
        return (*(f"regression_residual_lag{lag + 1}" for lag in range(SHOWN_LAGS)), *CALENDAR[1:])

    def input_values(self, panel: Panel, origins: IntArray) -> FloatArray:
        """The last residuals, and the regressors at the origin, shape (location, feature)."""
        column = origins - panel.grid.first - np.arange(1, SHOWN_LAGS + 1)
        past = np.where(column >= 0, self._residuals(panel)[:, np.maximum(column, 0)], np.nan)
        return np.concatenate([past, calendar(panel, origins)[:, 0, 1:]], axis=1)

    def importance_values(self) -> FloatArray:
        """Mean absolute weight of each past residual in the next forecast, and mean absolute
        coefficient of each regressor (all within -1 and 1) in training standard deviations.
        """
        scale = self.fitted.climatology.scale[TEMPERATURE]
        slopes = np.array([process.regression[1:] for process in self.processes.values()])
        own = np.abs(slopes / scale[:, None]).mean(axis=0)
        return np.concatenate([super().importance_values(), own])


def _expected(regressors: FloatArray, coefficients: tuple[float, ...]) -> FloatArray:
    """The regression term by term, not by BLAS: independent of the number of rows."""
    total = np.zeros(len(regressors))
    for column, coefficient in zip(regressors.T, coefficients, strict=True):
        total += column * coefficient
    return total
