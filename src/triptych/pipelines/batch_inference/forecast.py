"""Forecasts of one model: by the model where it can, by its climatology where it cannot."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from triptych.execution.batches import map_batches
from triptych.forecasting.contract import (
    CLIMATOLOGY,
    FORECAST_COLUMNS,
    HOUR,
    MODEL,
    STEP,
    STEP_HOURS,
    STEPS_PER_DAY,
    TEMPERATURE,
)
from triptych.forecasting.errors import ForecastingError
from triptych.forecasting.evaluation.backtest import daily_origins, forecast_part, parts_of
from triptych.forecasting.features.grid import step_numbers, to_grid
from triptych.forecasting.features.nwp import mean_forecasts
from triptych.forecasting.features.panel import known_rows
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.baselines import forecast_climatology
from triptych.parameters.forecasting import EngineParameters


def forecast_with(
    forecaster: PanelForecaster,
    history: pd.DataFrame,
    locations: Sequence[str],
    as_of: pd.Timestamp,
    steps: int,
    engine: EngineParameters,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Forecast `steps` steps from `as_of`, each location at the age of its own data.

    A location without data in `history` is forecast from the end of its training data. Steps that
    the model does not reach, or has no value for, get the climatology.

    Returns the forecasts, the explanatory variables of those by the model (location, feature,
    value), and steps_model, steps_climatology, known_until, data_age and reason by location.
    """
    ends = _known_ends(history).reindex(list(locations)).fillna(forecaster.train_end)
    parts = [
        _forecast_from(forecaster, history, list(group.index), origin, as_of, steps, engine)
        for origin, group in ends.groupby(ends)
    ]
    made, inputs, status = (
        pd.concat(frames, ignore_index=True) for frames in zip(*parts, strict=True)
    )
    return made, inputs, status


def _forecast_from(
    forecaster: PanelForecaster,
    history: pd.DataFrame,
    slugs: list[str],
    origin: pd.Timestamp,
    as_of: pd.Timestamp,
    steps: int,
    engine: EngineParameters,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Forecast locations whose data all end at `origin`."""
    age, reach = int((as_of - origin) / HOUR), forecaster.max_lead
    needed = steps + age // STEP_HOURS
    reason = "" if needed <= reach else f"{needed} steps are needed, the model has {reach}"
    own, inputs = None, pd.DataFrame(columns=["location", "feature", "value"])
    try:
        parts = parts_of(forecaster, history, engine.batch_locations, slugs)
        leads = range(1, min(steps, reach) + 1)
        shared = (forecaster, pd.DatetimeIndex([as_of]), leads, age)
        made = map_batches(forecast_part, parts, engine, "Forecast", *shared)
        own, inputs = (pd.concat(frames, ignore_index=True) for frames in zip(*made, strict=True))
        columns = ["location", "time", "mean", "lower", "upper"]
        own = own.loc[np.isfinite(own["mean"]), columns].assign(method=MODEL)
        inputs = inputs[inputs["location"].isin(own["location"])]
    except ForecastingError as error:
        reason = str(error)
    if own is None or (own["time"] >= as_of).sum() < len(slugs) * steps:
        normal = forecast_climatology(forecaster, slugs, as_of, steps).assign(method=CLIMATOLOGY)
        own = pd.concat([own, normal]).drop_duplicates(["location", "time"], keep="first")
        own = own.sort_values(["location", "time"], ignore_index=True)
    issued = own[own["time"] >= as_of]
    counts = issued.groupby(["location", "method"]).size().unstack(fill_value=0)
    counts = counts.reindex(index=slugs, columns=[MODEL, CLIMATOLOGY], fill_value=0)
    status = counts.add_prefix("steps_").rename_axis(columns=None).reset_index()
    status = status.assign(known_until=origin, data_age=age, reason=reason)
    return own.assign(known_until=origin), inputs, status


def add_references(
    forecasts: pd.DataFrame,
    forecaster: PanelForecaster,
    history: pd.DataFrame,
    publication_delay_hours: int,
) -> pd.DataFrame:
    """Add `climatology` and `nwp_mean`, the mean NWP forecast published at `as_of`, both in °C."""
    climatology, steps = forecaster.fitted, step_numbers(forecasts["time"])
    rows = known_rows(forecasts["location"], climatology.locations)
    normal = climatology.normal(TEMPERATURE, rows, steps)
    if history.empty:
        return forecasts.assign(climatology=normal, nwp_mean=np.nan)
    grid = to_grid(history)
    place = pd.Index(grid.locations).get_indexer(pd.Index(forecasts["location"]))
    origins, origin = np.unique(step_numbers(forecasts["as_of"]), return_inverse=True)
    lead = steps - origins[origin]
    leads = np.arange(1, lead.max() + 2)
    means = mean_forecasts(grid, origins, leads, publication_delay_hours)[place, origin, lead]
    return forecasts.assign(climatology=normal, nwp_mean=np.where(place >= 0, means, np.nan))


def hindcast(
    forecaster: PanelForecaster,
    history: pd.DataFrame,
    slugs: Sequence[str],
    earliest: pd.Timestamp,
    issued: pd.Timestamp,
    horizon_days: int,
) -> pd.DataFrame:
    """Forecast from every midnight in [earliest, issued), as it would have been issued then.

    A late source is taken to have been on time, as in a backtest. `history` begins with the steps
    that the features look back on. Returns FORECAST_COLUMNS and `known_until`, the origin.
    """
    known = _known_ends(history)
    end = min(issued, known.max() + STEP) if len(known) else earliest  # no later origin is in time
    if end <= earliest.ceil("D"):
        return pd.DataFrame(columns=[*FORECAST_COLUMNS, "known_until"])
    origins = daily_origins(earliest, end)
    leads = range(1, min(horizon_days * STEPS_PER_DAY, forecaster.max_lead) + 1)
    forecast = forecaster.predict(history, origins, leads).dropna(subset="mean")
    wanted = forecast["location"].isin(slugs)
    in_time = forecast["as_of"] <= forecast["location"].map(known)
    return forecast[wanted & in_time].assign(known_until=forecast["as_of"])


def _known_ends(history: pd.DataFrame) -> "pd.Series[pd.Timestamp]":
    """The end of the last step with a temperature, by location."""
    known = history[history["temperature_2m"].notna()]
    return known.groupby("location")["time"].max() + STEP
