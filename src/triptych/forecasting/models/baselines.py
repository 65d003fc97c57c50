"""Baselines, and the climatology that replaces a model that cannot forecast."""

from collections.abc import Sequence
from statistics import NormalDist
from typing import ClassVar

import numpy as np
import pandas as pd

from triptych.forecasting.arrays import FloatArray, IntArray
from triptych.forecasting.contract import LEVEL, STEPS_PER_DAY, TEMPERATURE
from triptych.forecasting.features.grid import step_numbers
from triptych.forecasting.features.panel import Panel, known_rows, long_frame
from triptych.forecasting.models.base import PanelForecaster

LOOKBACK_DAYS = 7  # that a value is sought back


class ClimatologyForecaster(PanelForecaster):
    """The normal of the day of the year and the hour, whatever the weather is."""

    name: ClassVar[str] = "climatology"
    min_training_days: ClassVar[int] = 60  # below a year the normal is that of the step of the day

    def _forecast(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        return panel.normal(origins[:, None] + leads - 1)


class PersistenceForecaster(ClimatologyForecaster):
    """The last temperature known, held; NaN if nothing was known in the week before the origin."""

    name: ClassVar[str] = "persistence"

    def _forecast(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        lags = np.arange(1, LOOKBACK_DAYS * STEPS_PER_DAY + 1)
        last = _first_known(panel, origins[:, None] - lags)
        return np.repeat(last[:, :, None], len(leads), axis=2)


class SameHourYesterdayForecaster(ClimatologyForecaster):
    """The value at the target's hour on the day before the origin, for every lead; where missing,
    of the day before that, up to a week back; NaN if there is none.
    """

    name: ClassVar[str] = "same_hour_yesterday"

    def _forecast(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        hour = (leads - 1) % STEPS_PER_DAY
        days = STEPS_PER_DAY * np.arange(1, LOOKBACK_DAYS + 1)
        return _first_known(panel, origins[:, None, None] + hour[:, None] - days)


def _first_known(panel: Panel, steps: IntArray) -> FloatArray:
    """First finite temperature along the last axis of `steps`, for each location; NaN if none."""
    values = panel.grid.at_steps(panel.grid.values[TEMPERATURE], steps)
    choice = np.isfinite(values).argmax(axis=-1)[..., None]
    return np.take_along_axis(values, choice, axis=-1)[..., 0]


def forecast_climatology(
    forecaster: PanelForecaster, locations: Sequence[str], as_of: pd.Timestamp, steps: int
) -> pd.DataFrame:
    """Forecast the first `steps` steps from `as_of` with the climatology of a fitted model.

    The interval is the central LEVEL of a normal distribution of the training anomalies. Returns
    `location, time, mean, lower, upper`, °C; ForecastingError for an untrained location.
    """
    climatology = forecaster.fitted
    rows = known_rows(locations, climatology.locations)
    numbers = step_numbers(pd.DatetimeIndex([as_of])) + np.arange(steps)
    mean = climatology.normal(TEMPERATURE, rows[:, None], numbers[None, :])
    quantile = NormalDist().inv_cdf((1 + LEVEL) / 2)
    half = quantile * climatology.scale[TEMPERATURE][rows][:, None]
    return long_frame(locations, time=numbers, mean=mean, lower=mean - half, upper=mean + half)
