"""The climatology that stands in where a fitted model cannot forecast."""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import pandas as pd

from triptych.forecasting.contract import LEVEL
from triptych.forecasting.features.grid import TEMPERATURE, step_numbers, step_times
from triptych.forecasting.features.panel import known_rows
from triptych.forecasting.models.base import PanelForecaster

_QUANTILE = NormalDist().inv_cdf((1 + LEVEL) / 2)


def forecast_climatology(
    forecaster: PanelForecaster, locations: Sequence[str], as_of: pd.Timestamp, steps: int
) -> pd.DataFrame:
    """Forecast the first `steps` steps from `as_of` with the climatology of a fitted model.

    The interval is the central LEVEL of a normal distribution of the training anomalies. Returns
    `location, time, mean, lower, upper`, °C; UnknownLocationError for an untrained location.
    """
    climatology = forecaster.fitted.climatology
    rows = known_rows(tuple(locations), climatology.locations)
    numbers = step_numbers(pd.DatetimeIndex([as_of])) + np.arange(steps)
    mean = climatology.normal(TEMPERATURE, rows[:, None], numbers[None, :])
    half = _QUANTILE * climatology.scale[TEMPERATURE][rows][:, None]
    return pd.DataFrame(
        {
            "location": pd.Series(np.repeat(np.array(locations, dtype=object), steps), dtype="str"),
            "time": step_times(np.tile(numbers, len(rows))),
            "mean": mean.ravel(),
            "lower": (mean - half).ravel(),
            "upper": (mean + half).ravel(),
        }
    )
