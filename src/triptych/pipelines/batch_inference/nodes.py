"""From the version in production and what is known at `as_of`, to rows of predictions."""

import logging
from collections.abc import Hashable
from typing import Any

import pandas as pd

from triptych.classification.sources import listed
from triptych.errors import ParameterError, PipelineError
from triptych.execution.batches import SERIAL
from triptych.execution.progress import track
from triptych.forecasting.contract import LEVEL, MODEL, STEPS_PER_DAY
from triptych.forecasting.errors import ForecastingError
from triptych.forecasting.features.grid import step_numbers
from triptych.forecasting.models.base import PanelForecaster
from triptych.parameters.forecasting import BatchParameters, EngineParameters, NwpParameters
from triptych.pipelines.batch_inference.forecast import add_references, forecast_with, hindcast
from triptych.pipelines.batch_inference.history import train_end
from triptych.pipelines.ts_common.location_selection import Rows, select_rows
from triptych.pipelines.ts_common.periods import parse_as_of
from triptych.registry.models import ModelRegistry
from triptych.weather.locations import Location

logger = logging.getLogger(__name__)

KEY = ["model_id", "location", "as_of"]
COUNTS = dict.fromkeys(("data_age", "steps_model", "steps_climatology"), "Int64")
STATUS_COLUMNS = ["location", "model", "known_until", *COUNTS, "reason"]


def choose_models(
    model_registry: ModelRegistry,
    prediction_rows: Rows,
    locations: pd.DataFrame,
    location_file: list[Location],
    location: str | None,
    source: str,
    as_of: str,
    batch_inference: BatchParameters,
) -> dict[str, Any]:
    """Take for each location the version in production, and for hindcasts one that fits them.

    Hindcasts begin at `since`, or `hindcast_days` before `as_of` while there is no prediction. A
    model that forecasts them was trained on data before their first origin.

    Returns `chosen_models`: rows of `models` with `wanted`, the locations to forecast, and
    `first_origin`; and `unserved_locations`: why no version can forecast them. PipelineError if no
    location has such a version, or `since` is given and none for hindcasts.
    """
    issued = parse_as_of(as_of)
    slugs = list(select_rows(locations, location_file, location, source)["location"])
    chosen, unserved = _choose_versions(model_registry, slugs, issued)
    if not chosen:
        raise PipelineError(" ".join(dict.fromkeys(unserved.values())))
    earliest, since, days = issued, batch_inference.since, batch_inference.hindcast_days
    if since is not None:
        earliest = pd.Timestamp(str(since), tz="UTC")
        if earliest >= issued:
            raise ParameterError(
                f"Parameter batch_inference.since must lie before as_of ({issued:%Y-%m-%d}). Found "
                f"{since}. Name an earlier day, or leave it out to forecast from as_of alone."
            )
    elif days and prediction_rows.is_empty({} if location is None else {"location": slugs}):
        earliest = issued.floor("D") - pd.Timedelta(days=days)
    if earliest < issued:
        past, missing = _choose_versions(model_registry, slugs, earliest)
        chosen += past
        if missing:
            message = " ".join(dict.fromkeys(missing.values()))
            if since is not None and not past:
                raise PipelineError(message)
            logger.warning("No hindcasts for %s: %s", listed(missing), message)
    return {"chosen_models": chosen, "unserved_locations": unserved}


def _choose_versions(
    registry: ModelRegistry, slugs: list[str], origin: pd.Timestamp
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The versions that forecast from an origin on, and why locations have none."""
    served, unserved = registry.serving(slugs, origin)
    chosen: dict[str, dict[str, Any]] = {}
    for slug, row in served.items():
        empty = {**row, "first_origin": origin, "wanted": []}
        chosen.setdefault(row["model_id"], empty)["wanted"].append(slug)
    for row in chosen.values():
        logger.log(
            logging.INFO if row["stage"] == "production" else logging.WARNING,
            f"{row['name']} version {row['version']} ({row['stage']}), trained on data before "
            f"{train_end(row):%Y-%m-%d}, forecasts {listed(row['wanted'])} from "
            f"{origin:%Y-%m-%d} on",
        )
    return list(chosen.values()), unserved


def forecast_locations(
    recent_history: pd.DataFrame,
    forecast_sources: pd.DataFrame,
    chosen_models: list[dict[str, Any]],
    unserved_locations: dict[str, str],
    model_registry: ModelRegistry,
    as_of: str,
    horizon_days: int,
    nwp: NwpParameters,
    engine: EngineParameters = SERIAL,
) -> dict[str, pd.DataFrame]:
    """Forecast from the end of what is known through `as_of` + `horizon_days`.

    Locations fail independently: where the model cannot forecast, its climatology does, and where a
    model cannot be loaded, the others still forecast. Models chosen for hindcasts forecast from
    every midnight between their first origin and `as_of`; the inputs are of the latest forecast.
    PipelineError if no location has a forecast.
    """
    issued = parse_as_of(as_of)
    failed, delay = dict(unserved_locations), nwp.publication_delay_hours
    inputs, steps, status = [], [], []
    for row in track(chosen_models, "Forecasting"):
        is_hindcast = row["first_origin"] < issued
        try:
            forecaster: PanelForecaster = model_registry.load(row, evaluated=row["evaluated"])
        except (PipelineError, ForecastingError) as error:
            if is_hindcast:
                logger.warning("No hindcasts for %s: %s", listed(row["wanted"]), error)
            else:
                failed |= dict.fromkeys(row["wanted"], str(error))
            continue
        seen = recent_history[recent_history["location"].isin(row["locations"])]
        if is_hindcast:
            first = row["first_origin"]
            past = hindcast(forecaster, seen, row["wanted"], first, issued, horizon_days)
            if not past.empty:
                past = past.assign(model_id=row["model_id"], method=MODEL)
                steps.append(add_references(past, forecaster, seen, delay))
            continue
        number = horizon_days * STEPS_PER_DAY
        made, used, state = forecast_with(forecaster, seen, row["wanted"], issued, number, engine)
        keys = {"model_id": row["model_id"], "as_of": issued}
        inputs.append(used.assign(**keys))
        steps.append(add_references(made.assign(**keys), forecaster, seen, delay))
        status.append(state.assign(model=f"{row['name']} version {row['version']}"))
    if not status:
        raise PipelineError(" ".join(dict.fromkeys(failed.values())))
    without = pd.DataFrame(failed.items(), columns=["location", "reason"])
    return {
        "prediction_inputs": _inputs_by_forecast(pd.concat(inputs)),
        "predictions": _predictions(pd.concat(steps), forecast_sources),
        "forecast_status": pd.concat([*status, without])[STATUS_COLUMNS].astype(COUNTS),
    }


def _predictions(forecast: pd.DataFrame, sources: pd.DataFrame) -> pd.DataFrame:
    rows = forecast.rename(columns={"mean": "temperature_2m"})
    rows["lead"] = step_numbers(rows["time"]) - step_numbers(rows["as_of"]) + 1
    rows["level"] = LEVEL
    degrees = ["temperature_2m", "lower", "upper", "climatology", "nwp_mean"]
    rows[degrees] = rows[degrees].round(2)  # more digits would claim what no forecast knows
    latest = rows["as_of"] == rows["as_of"].max()  # hindcasts: of past data nothing is recorded
    by_location = sources.set_index("location")["sources"]
    rows["sources"] = rows["location"].map(by_location).where(latest, None)
    of_forecast = ["level", "known_until", "method", "sources"]
    return rows[[*KEY, "time", "lead", *degrees, *of_forecast]].reset_index(drop=True)


def _inputs_by_forecast(inputs: pd.DataFrame) -> pd.DataFrame:
    values = inputs["value"].astype(object).where(inputs["value"].notna(), None)
    by_forecast = inputs.assign(value=values).set_index("feature").groupby(KEY)["value"]
    rows = [(*key, group.to_dict()) for key, group in by_forecast]
    return pd.DataFrame(rows, columns=[*KEY, "inputs"])


def list_incomplete(forecast_status: pd.DataFrame) -> list[str]:
    """Name the locations without a forecast, or with steps forecast by climatology, by cause."""
    whole = (forecast_status["steps_climatology"] == 0).fillna(value=False)
    rows = forecast_status[~whole]
    causes = rows.assign(cause=[_describe(row) for row in rows.to_dict("records")])
    by_cause = causes.groupby("cause", sort=False)["location"]
    found = [f"{listed(slugs)}: {cause}" for cause, slugs in by_cause]
    for line in found:
        logger.warning("%s", line)
    return found


def refuse_incomplete(forecast_warnings: list[str], batch_inference: BatchParameters) -> None:
    """Raise the warnings as an error, after the forecasts are written, for `on_missing=fail`."""
    if batch_inference.on_missing == "fail" and forecast_warnings:
        raise PipelineError(
            f"Not every location has a forecast of its model. {' '.join(forecast_warnings)} All "
            "forecasts that there are have been written. Ingest or train what is missing, or set "
            "batch_inference.on_missing=warn."
        )


def _describe(row: dict[Hashable, Any]) -> str:
    if pd.isna(row["known_until"]):
        return f"no forecast. {row['reason']}"
    steps = row["steps_model"] + row["steps_climatology"]
    text = (
        f"climatology for {row['steps_climatology']} of {steps} steps. The data end at "
        f"{row['known_until']:%Y-%m-%d %H:%M} UTC, {row['data_age']} h before as_of"
    )
    return f"{text}: {row['reason'] or 'the model has no value from there'}."
