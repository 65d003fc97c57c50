"""ARIMA, SARIMA, SARIMAX and plain autoregression: each location its own process."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.execution.parallel import one_blas_thread
from triptych.forecasting.arrays import Arrays, Float32Array, FloatArray, IntArray, ordered_product
from triptych.forecasting.contract import STEPS_PER_DAY, TEMPERATURE
from triptych.forecasting.features.feature_table import CALENDAR, calendar
from triptych.forecasting.features.grid import Grid
from triptych.forecasting.features.panel import Panel, long_frame
from triptych.forecasting.models.anomaly import AnomalyForecaster
from triptych.forecasting.statespace.arma_fit import CONSTANT, Fitted, Orders, fit_each

SHOWN_LAGS = 24  # past anomalies that are stored beside a forecast; older ones weigh little
PROCESSES = "processes"


class StatisticalForecaster(AnomalyForecaster):
    """Base of the forecasters whose core is an ARMA process of the anomaly.

    None is differenced (d = D = 0): the anomaly is stationary, and a differenced process would keep
    its last level instead of returning to normal.
    """

    def __init__(
        self, parameters: Mapping[str, Any] | None = None, *, max_lead: int = 8, seed: int = 0
    ) -> None:
        """Merge the parameters as the base does; ForecastingError for invalid orders."""
        super().__init__(parameters, max_lead=max_lead, seed=seed)
        names = (field.name for field in fields(Orders))
        self.orders = Orders(**{name: self.parameters.get(name, 0) for name in names})

    @property
    def processes(self) -> Mapping[str, Fitted]:
        """The process of each location; ForecastingError before `fit`."""
        names = self.locations
        stored = json.loads(self.texts[PROCESSES])
        return {name: Fitted.of(stored[name]) for name in names}

    @property
    def _shown_lags(self) -> int:
        return SHOWN_LAGS

    def _importance_values(self) -> FloatArray:
        """Mean absolute weight of each past anomaly in the forecast of the next step."""
        weights = [p.process.past_weights(SHOWN_LAGS) for p in self.processes.values()]
        return np.asarray(np.abs(weights).mean(axis=0), dtype=np.float64)

    def _fit(self, panel: Panel) -> None:
        self._fit_each(panel, panel.anomalies[TEMPERATURE].astype(np.float64))

    def _fit_each(self, panel: Panel, series: FloatArray) -> None:
        """Estimate the process of each location of `series` (arma_fit.fit_each)."""
        names = [f"{self.name} of {place}" for place in panel.grid.locations]
        fitted = fit_each(dict(zip(names, series, strict=True)), self.orders, self.map_parts)
        processes = map(asdict, fitted.values())
        stored = dict(zip(panel.grid.locations, processes, strict=True))
        self.texts = {PROCESSES: json.dumps(stored, indent=2, sort_keys=True) + "\n"}

    def _anomaly(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        return self._by_process(panel, panel.anomalies[TEMPERATURE], origins, leads)

    def _by_process(
        self, panel: Panel, series: npt.NDArray[Any], origins: IntArray, leads: IntArray
    ) -> FloatArray:
        """What the process of each location makes of its series (location, step)."""
        out, processes = np.empty((len(series), len(origins), len(leads))), self.processes
        for row, name in enumerate(panel.grid.locations):
            process = processes[name].process
            states = process.states(series[row])[:, origins - panel.grid.first]
            out[row] = process.forecast(states, leads)
        return out

    def innovations(self, history: pd.DataFrame) -> pd.DataFrame:
        """One-step forecast errors over the history, `location, time, innovation` in °C, divided by
        their relative standard deviation: of one variance if the model is right. NaN where the
        temperature is missing, and in the first day.
        """
        panel = self.panel(history)
        steps = panel.grid.steps[STEPS_PER_DAY:]
        observed = panel.anomalies[TEMPERATURE].astype(np.float64)
        found = np.full(observed.shape, np.nan)
        with one_blas_thread():
            forecast = self._anomaly(panel, steps, np.array([1]))[:, :, 0]
        found[:, STEPS_PER_DAY:] = observed[:, STEPS_PER_DAY:] - forecast
        found *= panel.climatology.scale[TEMPERATURE][panel.rows][:, None]
        processes = self.processes
        for row, name in enumerate(panel.grid.locations):
            found[row] /= processes[name].process.relative_spread(observed[row])
        return long_frame(panel.grid.locations, time=panel.grid.steps, innovation=found)


class ArimaForecaster(StatisticalForecaster):
    """ARIMA(ar, 0, ma) of the anomaly, without season; parameters: numbers of coefficients."""

    name: ClassVar[str] = "arima"
    defaults: ClassVar[Mapping[str, Any]] = {"ar": 16, "ma": 0}


class SarimaForecaster(StatisticalForecaster):
    """SARIMA(ar, 0, ma)(seasonal_ar, 0, seasonal_ma) of the anomaly with season 8 (Box, Jenkins,
    Reinsel and Ljung, Time Series Analysis, 5th edition, 2015, chapter 9).

    Parameters: `ar`, `ma`, `seasonal_ar`, `seasonal_ma`, numbers of coefficients.
    """

    name: ClassVar[str] = "sarima"
    defaults: ClassVar[Mapping[str, Any]] = {"ar": 5, "ma": 0, "seasonal_ar": 2, "seasonal_ma": 1}


class SarimaxForecaster(SarimaForecaster):
    """SARIMAX(ar, 0, ma)(seasonal_ar, 0, seasonal_ma) with season 8 of the temperature in °C.

    The regressors, solar elevation and the calendar (feature_table.CALENDAR), are known at every
    target and replace the climatology that the other models subtract. Parameters: those of SARIMA;
    low orders by default, because high ones fit slowly.
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
        out += self._by_process(panel, self._residuals(panel), origins, leads)
        scale = panel.climatology.scale[TEMPERATURE][panel.rows][:, None, None]
        return (out - panel.normal(targets)) / scale

    def _residuals(self, panel: Panel) -> FloatArray:
        """Temperature less its regression in °C, shape (location, step)."""
        return panel.grid.values[TEMPERATURE] - self._regression(panel, panel.grid.steps)

    def _regression(self, panel: Panel, steps: IntArray) -> FloatArray:
        """What the regressors give in °C, shape (location, step)."""
        regressors, processes = calendar(panel, steps), self.processes
        slopes = np.array([processes[name].regression for name in panel.grid.locations])
        return ordered_product(regressors, slopes[..., None])[..., 0]

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
        scale = self.fitted.scale[TEMPERATURE]
        slopes = np.array([process.regression[1:] for process in self.processes.values()])
        own = np.abs(slopes / scale[:, None]).mean(axis=0)
        return np.concatenate([super()._importance_values(), own])


class AutoregressionForecaster(AnomalyForecaster):
    """AR(order) of the anomaly by Yule-Walker, a thousand times faster than `arima`."""

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
