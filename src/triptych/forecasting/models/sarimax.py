"""The textbook SARIMAX: regression on variables known in advance, with SARMA errors."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from triptych.forecasting.features.feature_table import CALENDAR, calendar
from triptych.forecasting.features.grid import TEMPERATURE, FloatArray, IntArray
from triptych.forecasting.features.panel import Panel
from triptych.forecasting.models.arima import SHOWN_LAGS, SarimaForecaster


class SarimaxForecaster(SarimaForecaster):
    """SARIMAX(ar, 0, ma)(seasonal_ar, 0, seasonal_ma) with season 8 of the temperature in °C.

    The regressors are solar elevation and the calendar (feature_table.CALENDAR): known at every
    target, so nothing observed after the origin is used. They replace the climatology that the
    other models subtract. Parameters: those of SARIMA; low orders by default, because high ones fit
    slowly.
    """

    name: ClassVar[str] = "sarimax"
    defaults: ClassVar[Mapping[str, Any]] = {"ar": 2, "ma": 0, "seasonal_ar": 1, "seasonal_ma": 1}

    def _fit(self, panel: Panel) -> None:
        regressors = calendar(panel, panel.grid.steps)
        tables = np.concatenate([panel.grid.values[TEMPERATURE][..., None], regressors], axis=2)
        self._fit_each(panel, tables)

    def _anomaly(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        targets = origins[:, None] + leads - 1
        out = self._regression(panel, targets.ravel()).reshape(-1, *targets.shape)
        residuals = self._residuals(panel)
        for row, name in enumerate(panel.grid.locations):
            process = self._processes[name].process
            states = process.states(residuals[row])[:, origins - panel.grid.first]
            out[row] += process.forecast(states, leads)
        scale = panel.climatology.scale[TEMPERATURE][panel.rows][:, None, None]
        return (out - panel.normal(targets)) / scale

    def _residuals(self, panel: Panel) -> FloatArray:
        """Temperature less its regression in °C, shape (location, step)."""
        return panel.grid.values[TEMPERATURE] - self._regression(panel, panel.grid.steps)

    def _regression(self, panel: Panel, steps: IntArray) -> FloatArray:
        """What the regressors give in °C, shape (location, step)."""
        regressors = calendar(panel, steps)
        slopes = np.array([self._processes[name].regression for name in panel.grid.locations])
        total = np.zeros(regressors.shape[:2])
        for column in range(len(CALENDAR)):  # not by BLAS: independent of the number of rows
            total += regressors[..., column] * slopes[:, None, column]
        return total

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The last residuals of the regression in °C, then its regressors at the first target."""
        return (*(f"regression_residual_lag{lag + 1}" for lag in range(SHOWN_LAGS)), *CALENDAR[1:])

    def _input_values(self, panel: Panel, origins: IntArray) -> FloatArray:
        lags = origins - np.arange(1, SHOWN_LAGS + 1)
        past = panel.grid.at_steps(self._residuals(panel), lags)
        return np.concatenate([past, calendar(panel, origins)[:, 0, 1:]], axis=1)

    def _importance_values(self) -> FloatArray:
        """Mean absolute weight of each past residual in the next forecast, and mean absolute
        coefficient of each regressor (all within -1 and 1) in training standard deviations.
        """
        scale = self.fitted.climatology.scale[TEMPERATURE]
        slopes = np.array([process.regression[1:] for process in self.processes.values()])
        own = np.abs(slopes / scale[:, None]).mean(axis=0)
        return np.concatenate([super()._importance_values(), own])
