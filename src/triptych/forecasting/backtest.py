"""Forecasts of days that have passed, from each day's midnight, beside what was observed."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from triptych.forecasting.contract import Forecaster
from triptych.forecasting.errors import OriginError
from triptych.forecasting.grid import TEMPERATURE


def daily_origins(start: pd.Timestamp, end: pd.Timestamp) -> pd.DatetimeIndex:
    """00:00 UTC of every day in [start, end)."""
    origins = pd.date_range(start.ceil("D"), end, freq="D", inclusive="left")
    if len(origins) == 0:
        raise OriginError(f"No midnight lies in [{start}, {end}): give a later end.")
    return origins


def backtest(
    forecaster: Forecaster,
    history: pd.DataFrame,
    start: pd.Timestamp,
    end: pd.Timestamp,
    leads: Sequence[int],
) -> pd.DataFrame:
    """Forecast `leads` from each midnight in [start, end) with a fitted forecaster.

    `history` reaches from well before `start` to `end`. Returns FORECAST_COLUMNS and `observed`
    (°C, NaN where missing). Targets at or after `end` are left out, so that a validation period
    never touches the test period behind it.
    """
    forecasts = forecaster.predict(history, daily_origins(start, end), leads)
    return with_observed(forecasts[forecasts["time"] < end], history)


def with_observed(forecasts: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Add the column `observed`: the temperature of each target in `history`, °C, NaN where it has
    none.
    """
    truth = history.set_index(["location", "time"])[TEMPERATURE]
    keys = pd.MultiIndex.from_frame(forecasts[["location", "time"]])
    observed = truth.reindex(keys).to_numpy(dtype=np.float64, na_value=np.nan)
    return forecasts.assign(observed=observed).reset_index(drop=True)
