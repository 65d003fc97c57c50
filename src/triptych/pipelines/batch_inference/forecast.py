"""Forecasts of one model: by the model where it can, by its climatology where it cannot."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd

from triptych.errors import ParameterError
from triptych.execution.batches import map_batches
from triptych.forecasting.contract import (
    CLIMATOLOGY,
    FORECAST_COLUMNS,
    HOUR,
    MODEL,
    STEP,
    STEP_HOURS,
    STEPS_PER_DAY,
)
from triptych.forecasting.errors import ForecastingError
from triptych.forecasting.evaluation.backtest import daily_origins, forecast_part, parts_of
from triptych.forecasting.features.grid import TEMPERATURE, step_numbers
from triptych.forecasting.features.nwp import lead_days_by_model, nwp_column, usable_lead_day
from triptych.forecasting.features.panel import known_rows
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.baselines import forecast_climatology
from triptych.parameters.execution import EngineParameters


class Forecasts(NamedTuple):
    """Forecasts of one model.

    Attributes:
        steps: location, time, mean, lower, upper, method, known_until; one row a step.
        inputs: location, feature, value: the explanatory variables of the model's own forecasts.
        status: location, steps_model, steps_climatology, known_until, data_age, reason.
    """

    steps: pd.DataFrame
    inputs: pd.DataFrame
    status: pd.DataFrame


def forecast_with(
    forecaster: PanelForecaster,
    history: pd.DataFrame,
    locations: Sequence[str],
    as_of: pd.Timestamp,
    steps: int,
    engine: EngineParameters,
) -> Forecasts:
    """Forecast `steps` steps from `as_of`, each location at the age of its own data.

    A location without data in `history` is forecast from the end of its training data. Steps that
    the model does not reach, or has no value for, get the climatology.
    """
    ends = _known_ends(history).reindex(list(locations)).fillna(forecaster.train_end)
    parts = [
        _forecast_from(forecaster, history, list(group.index), origin, as_of, steps, engine)
        for origin, group in ends.groupby(ends)
    ]
    tables = (pd.concat(frames, ignore_index=True) for frames in zip(*parts, strict=True))
    return Forecasts(*tables)


def _forecast_from(
    forecaster: PanelForecaster,
    history: pd.DataFrame,
    slugs: list[str],
    origin: pd.Timestamp,
    as_of: pd.Timestamp,
    steps: int,
    engine: EngineParameters,
) -> Forecasts:
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
    return Forecasts(own.assign(known_until=origin), inputs, status)


def add_references(
    forecasts: pd.DataFrame,
    forecaster: PanelForecaster,
    history: pd.DataFrame,
    publication_delay_hours: int,
) -> pd.DataFrame:
    """Add what a forecast is compared with, °C: `climatology`, and `nwp_mean` if it is known.

    Args:
        forecasts: location, as_of, time and other columns; one row a step.
        history: with the NWP forecasts of these steps (forecasting.features.nwp).
        publication_delay_hours: from the start of an NWP run to its publication.
    """
    climatology, times = forecaster.fitted, forecasts["time"]
    rows = known_rows(forecasts["location"], climatology.locations)
    normal = climatology.normal(TEMPERATURE, rows, step_numbers(times))
    forecasts = forecasts.assign(climatology=normal)
    by_day: dict[int, list[str]] = {}
    for model, days in lead_days_by_model(map(str, history.columns)).items():
        for day in days:
            by_day.setdefault(day, []).append(nwp_column(model, day))
    if not by_day:
        return forecasts.assign(nwp_mean=np.nan)
    nwp = history[history["time"].between(times.min(), times.max())]
    means = pd.concat(
        nwp[["location", "time"]].assign(lead_day=day, nwp_mean=nwp[columns].mean(axis=1))
        for day, columns in by_day.items()
    )
    usable = usable_lead_day(times, forecasts["as_of"], publication_delay_hours, STEP_HOURS)
    return forecasts.assign(lead_day=usable).merge(means, how="left").drop(columns="lead_day")


def first_origin(since: date, issued: pd.Timestamp) -> pd.Timestamp:
    """The earliest instant that the run forecasts from.

    Raises:
        ParameterError: `since` does not lie before the instant of issue.
    """
    earliest = pd.Timestamp(str(since), tz="UTC")
    if earliest >= issued:
        raise ParameterError(
            f"Parameter batch_inference.since must lie before as_of ({issued:%Y-%m-%d}). Found "
            f"{since}. Name an earlier day, or leave it out to forecast from as_of alone."
        )
    return earliest


def hindcast(
    forecaster: PanelForecaster,
    history: pd.DataFrame,
    slugs: Sequence[str],
    earliest: pd.Timestamp,
    issued: pd.Timestamp,
    horizon_days: int,
) -> pd.DataFrame:
    """Forecast from every midnight in [earliest, issued), as it would have been issued then.

    A late source is taken to have been on time, as in a backtest: a forecast uses all that is
    known today of the time before its origin.

    Args:
        history: steps with those that the features look back on; it may reach beyond `issued`.
        slugs: the locations to forecast, of those in `history`.

    Returns:
        Forecasts (contract.FORECAST_COLUMNS) and `known_until`, their origin.
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
