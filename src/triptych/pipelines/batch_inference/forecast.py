"""Forecasts of one model: by the model where it can, by its climatology where it cannot."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from triptych.execution.batches import map_batches
from triptych.forecasting.contract import CLIMATOLOGY, HOUR, MODEL, STEP, STEP_HOURS
from triptych.forecasting.errors import ForecastingError
from triptych.forecasting.evaluation.backtest import forecast_part, parts_of
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.baselines import forecast_climatology
from triptych.parameters.execution import EngineParameters

STATUS_COLUMNS = (
    "location",
    "model",
    "known_until",
    "data_age",
    "steps_model",
    "steps_climatology",
    "reason",
)


class Forecasts(NamedTuple):
    """Forecasts of one model.

    Attributes:
        steps: location, time, mean, lower, upper, method, known_until; one row a step.
        inputs: location, feature, value: the explanatory variables of the model's own forecasts.
        status: STATUS_COLUMNS without `model`; one row a location.
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

    Steps that the model does not reach, or has no value for, get the climatology.
    """
    parts = [
        _from_origin(forecaster, history, slugs, origin, as_of, steps, engine)
        for origin, slugs in _origins(history, locations, forecaster.train_end).items()
    ]
    tables = (pd.concat(frames, ignore_index=True) for frames in zip(*parts, strict=True))
    return Forecasts(*tables)


def _origins(
    history: pd.DataFrame, locations: Sequence[str], train_end: pd.Timestamp
) -> dict[pd.Timestamp, list[str]]:
    """The end of the data, and the locations whose data end there; of a location that has none in
    `history`, the end of its training data.
    """
    known = history[history["location"].isin(locations) & history["temperature_2m"].notna()]
    last = known.groupby("location")["time"].max() + STEP
    ends = last.reindex(list(locations)).fillna(train_end)
    return {origin: list(group.index) for origin, group in ends.groupby(ends)}


def _from_origin(
    forecaster: PanelForecaster,
    history: pd.DataFrame,
    slugs: list[str],
    origin: pd.Timestamp,
    as_of: pd.Timestamp,
    steps: int,
    engine: EngineParameters,
) -> Forecasts:
    age = int((as_of - origin) / HOUR)
    own = inputs = None
    needed = steps + age // STEP_HOURS
    reach = forecaster.max_lead
    reason = "" if needed <= reach else f"{needed} steps are needed, the model has {reach}"
    try:
        own, inputs = _by_model(forecaster, history, slugs, as_of, steps, age, engine)
    except ForecastingError as error:
        reason = str(error)
    made = _completed(forecaster, own, slugs, as_of, steps).assign(known_until=origin)
    status = _status(made[made["time"] >= as_of], slugs)
    return Forecasts(
        made,
        pd.DataFrame(columns=["location", "feature", "value"]) if inputs is None else inputs,
        status.assign(known_until=origin, data_age=age, reason=reason),
    )


def _by_model(
    forecaster: PanelForecaster,
    history: pd.DataFrame,
    slugs: list[str],
    as_of: pd.Timestamp,
    steps: int,
    age: int,
    engine: EngineParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    parts = parts_of(forecaster, history, engine.batch_locations, slugs)
    shared = (
        forecaster, pd.DatetimeIndex([as_of]), range(1, min(steps, forecaster.max_lead) + 1), age,
    )  # fmt: skip
    made = map_batches(forecast_part, parts, engine, "Forecast", *shared)
    forecasts, inputs = (pd.concat(frames, ignore_index=True) for frames in zip(*made, strict=True))
    reached = forecasts.loc[np.isfinite(forecasts["mean"]), "location"].unique()
    return forecasts, inputs[inputs["location"].isin(reached)]


def _completed(
    forecaster: PanelForecaster,
    own: pd.DataFrame | None,
    slugs: list[str],
    as_of: pd.Timestamp,
    steps: int,
) -> pd.DataFrame:
    """The model's forecasts, and the climatology of the steps that they lack."""
    columns = ["location", "time", "mean", "lower", "upper"]
    if own is not None:
        own = own.loc[np.isfinite(own["mean"]), columns].assign(method=MODEL)
        if int((own["time"] >= as_of).sum()) == len(slugs) * steps:
            return own
    normal = forecast_climatology(forecaster, slugs, as_of, steps).assign(method=CLIMATOLOGY)
    both = pd.concat([own, normal]).drop_duplicates(["location", "time"], keep="first")
    return both.sort_values(["location", "time"], ignore_index=True)


def _status(made: pd.DataFrame, slugs: list[str]) -> pd.DataFrame:
    counts = made.groupby(["location", "method"]).size().unstack(fill_value=0)
    counts = counts.reindex(index=slugs, columns=[MODEL, CLIMATOLOGY], fill_value=0)
    return counts.add_prefix("steps_").rename_axis(columns=None).reset_index()
