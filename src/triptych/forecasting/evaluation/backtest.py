"""Forecasts of past days from each midnight, with the observations, and those of baselines."""

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from triptych.forecasting.contract import TEMPERATURE
from triptych.forecasting.errors import ForecastingError
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.factory import BASELINE_NAMES, make_forecaster


def daily_origins(start: pd.Timestamp, end: pd.Timestamp) -> pd.DatetimeIndex:
    """00:00 UTC of every day in [start, end)."""
    origins = pd.date_range(start.ceil("D"), end, freq="D", inclusive="left")
    if len(origins) == 0:
        raise ForecastingError(f"No midnight lies in [{start}, {end}): give a later end.")
    return origins


def backtest(
    forecaster: PanelForecaster,
    history: pd.DataFrame,
    start: pd.Timestamp,
    end: pd.Timestamp,
    leads: Sequence[int],
    data_age: int = 0,
    locations: Collection[str] | None = None,
) -> pd.DataFrame:
    """Forecast `leads` from each midnight in [start, end) with a fitted forecaster.

    `data_age` and `locations` as in PanelForecaster.predict. Returns FORECAST_COLUMNS, `observed`
    (°C, NaN where missing) and `data_age`, without targets at or after `end`: a validation period
    never touches the test period behind it.
    """
    origins = daily_origins(start, end)
    made = forecaster.predict(history, origins, leads, data_age=data_age, locations=locations)
    return with_observed(made[made["time"] < end], history).assign(data_age=data_age)


Part = tuple[tuple[str, ...], pd.DataFrame]  # locations, and their history with their neighbours


def parts_of(
    forecaster: PanelForecaster,
    history: pd.DataFrame,
    size: int,
    locations: Sequence[str] | None = None,
) -> list[Part]:
    """A history in parts of at most `size` of the `locations`, or of all."""
    slugs = sorted(history["location"].unique() if locations is None else locations)
    groups = [tuple(slugs[first : first + size]) for first in range(0, len(slugs), size)]
    if len(groups) == 1 and locations is None:
        return [(groups[0], history)]
    wanted = (forecaster.neighbour_locations(group).union(group) for group in groups)
    rows, none = history.groupby("location", sort=False).indices, np.array([], dtype=np.int64)
    return [
        (group, history.iloc[np.sort(np.concatenate([rows.get(name, none) for name in names]))])
        for group, names in zip(groups, wanted, strict=True)
    ]


def backtest_part(
    forecaster: PanelForecaster,
    start: pd.Timestamp,
    end: pd.Timestamp,
    leads: Sequence[int],
    data_age: int,
    part: Part,
) -> pd.DataFrame:
    """The backtest of a part's locations: the same numbers as in one of the whole history."""
    locations, history = part
    return backtest(forecaster, history, start, end, leads, data_age, locations)


def forecast_part(
    forecaster: PanelForecaster,
    origins: pd.DatetimeIndex,
    leads: Sequence[int],
    data_age: int,
    part: Part,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The forecasts of a part's locations from one origin, and their explanatory variables."""
    locations, history = part
    forecasts = forecaster.predict(history, origins, leads, data_age=data_age, locations=locations)
    values = forecaster.inputs(history, origins[0], data_age)
    return forecasts, values[values["location"].isin(locations)].reset_index(drop=True)


def with_observed(forecasts: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Add `observed`: the temperature of each target in `history`, °C."""
    truth = history.set_index(["location", "time"])[TEMPERATURE]
    keys = pd.MultiIndex.from_frame(forecasts[["location", "time"]])
    observed = truth.reindex(keys).to_numpy(dtype=np.float64, na_value=np.nan)
    return forecasts.assign(observed=observed).reset_index(drop=True)


def forecast_references(
    history: pd.DataFrame,
    train_start: pd.Timestamp,
    train_end: pd.Timestamp,
    origins: pd.DatetimeIndex,
    leads: Sequence[int],
) -> pd.DataFrame:
    """Baselines fitted on [train_start, train_end): location, origin, time, a column in °C each."""
    known = history[history["time"] >= train_start]
    first, *_ = baselines = [
        make_forecaster(name, {}, max_lead=max(leads), seed=0) for name in BASELINE_NAMES
    ]
    first.fit(known[known["time"] < train_end])
    for baseline in baselines:  # they learn nothing but the climatology
        baseline.climatology = first.climatology
    tables = [baseline.predict(known, origins, leads) for baseline in baselines]
    keys = tables[0][["location", "as_of", "time"]].rename(columns={"as_of": "origin"})
    means = [table["mean"].to_numpy() for table in tables]
    return keys.assign(**dict(zip(BASELINE_NAMES, means, strict=True)))
