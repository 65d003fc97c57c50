"""From the version in production and what is known at `as_of`, to rows of predictions."""

import logging
from collections.abc import Iterator
from typing import Any

import pandas as pd

from triptych.errors import PipelineError
from triptych.execution.batches import SERIAL, Made, map_batches
from triptych.forecasting.contract import LEVEL, MODEL, STEPS_PER_DAY
from triptych.forecasting.errors import ForecastingError
from triptych.forecasting.features.grid import TEMPERATURE, step_numbers
from triptych.forecasting.models.base import PanelForecaster
from triptych.parameters.execution import EngineParameters
from triptych.parameters.ingestion import NwpParameters, PreprocessingParameters, RecentParameters
from triptych.parameters.operations import BatchParameters
from triptych.pipelines.batch_inference.forecast import (
    add_references,
    first_origin,
    forecast_with,
    hindcast,
)
from triptych.pipelines.batch_inference.sources import add_nwp_sources, prepare_batch
from triptych.pipelines.ts_common.history import add_nwp
from triptych.pipelines.ts_common.location_selection import Rows, select_rows, shown
from triptych.pipelines.ts_common.periods import parse_as_of
from triptych.registry.models import ModelRegistry
from triptych.weather.variables import VARIABLES

logger = logging.getLogger(__name__)

NWP_BIAS, NWP_ERRORS = pd.Timedelta(days=25), pd.Timedelta(days=1)
KEY = ["model_id", "location", "as_of"]
COUNTS = dict.fromkeys(("data_age", "steps_model", "steps_climatology"), "Int64")
STATUS_COLUMNS = ["location", "model", "known_until", *COUNTS, "reason"]


def choose_models(
    model_registry: ModelRegistry,
    prediction_rows: Rows,
    locations: pd.DataFrame,
    location: str | None,
    source: str,
    as_of: str,
    batch_inference: BatchParameters,
) -> dict[str, Any]:
    """Take for each location the version in production, and for hindcasts one that fits them.

    Hindcasts begin at `since`, or `hindcast_days` before `as_of` while there is no prediction. A
    model that forecasts them was trained on data before their first origin.

    Returns:
        `chosen_models`: rows of `models`, each with `wanted`, the locations it is to forecast, and
        `first_origin`: `as_of`, or that of the hindcasts;
        `unserved_locations`: the reason by location, of those that no version can forecast.

    Raises:
        PipelineError: no location has such a version, or `since` is given and none for hindcasts.
    """
    issued = parse_as_of(as_of)
    slugs = list(select_rows(locations, location, source)["location"])
    chosen, unserved = _choose_versions(model_registry, slugs, issued)
    if not chosen:
        raise PipelineError(" ".join(dict.fromkeys(unserved.values())))
    earliest, since, days = issued, batch_inference.since, batch_inference.hindcast_days
    if since is not None:
        earliest = first_origin(since, issued)
    elif days and prediction_rows.is_empty({} if location is None else {"location": slugs}):
        earliest = issued.floor("D") - pd.Timedelta(days=days)
    if earliest < issued:
        past, missing = _choose_versions(model_registry, slugs, earliest)
        chosen += past
        if missing:
            message = " ".join(dict.fromkeys(missing.values()))
            if since is not None and not past:
                raise PipelineError(message)
            logger.warning("No hindcasts for %s: %s", shown(list(missing)), message)
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
            f"{_train_end(row):%Y-%m-%d}, forecasts {shown(row['wanted'])} from "
            f"{origin:%Y-%m-%d} on",
        )
    return list(chosen.values()), unserved


def _train_end(row: dict[str, Any]) -> pd.Timestamp:
    return pd.Timestamp(row["evaluated_train_end"] if row["evaluated"] else row["train_end"])


def prepare_history(
    hourly_rows: Rows,
    recent_rows: Rows,
    nwp_rows: Rows,
    ingested_periods: pd.DataFrame,  # noqa: ARG001 - not before ingestion has ended
    model_periods: pd.DataFrame,  # noqa: ARG001
    locations: pd.DataFrame,
    chosen_models: list[dict[str, Any]],
    as_of: str,
    horizon_days: int,
    preprocessing: PreprocessingParameters,
    recent: RecentParameters,
    nwp: NwpParameters,
    batch_inference: BatchParameters,
    engine: EngineParameters = SERIAL,
) -> dict[str, pd.DataFrame]:
    """Prepare the last weeks before `as_of` and the NWP forecasts, for the models' locations.

    Hours that the reanalysis lacks are those of the recent analysis, corrected for its bias. A
    model that was trained with neighbours sees them here too, whichever are to be forecast. Rows
    are read a batch of locations at a time, and of the variables that the models need.

    Returns:
        `recent_history`, as forecasters take it; `forecast_sources`: location, sources.

    Raises:
        PipelineError: no location has any data in these weeks.
    """
    issued = parse_as_of(as_of)
    earliest = min(row["first_origin"] for row in chosen_models)
    start = earliest - pd.Timedelta(days=batch_inference.history_days)
    period = {"ge": start.to_pydatetime(), "lt": issued.to_pydatetime()}
    columns = ["location", "time", *variables_of(chosen_models)]
    slugs = sorted({slug for row in chosen_models for slug in row["locations"]})

    def read(few: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
        hours = hourly_rows.read([*columns, "source"], {"location": few, "time": period})
        of_model = {"location": few, "model": [recent.model or ""], "time": period}
        return hours, recent_rows.read(columns, of_model)

    size = engine.batch_locations
    groups = [slugs[first : first + size] for first in range(0, len(slugs), size)]
    shared = (locations, preprocessing, recent.model)
    batches = Made(read, groups)
    prepared = map_batches(prepare_batch, batches, engine, "Preparing recent weather", *shared)
    histories, sources = zip(*prepared, strict=True)
    history = pd.concat(histories, ignore_index=True)
    if history.empty:
        wanted = sorted({slug for row in chosen_models for slug in row["wanted"]})
        raise PipelineError(
            f"Nothing is known of {shown(wanted)} between {start:%Y-%m-%d} and as_of "
            f"{issued:%Y-%m-%d}. Ingest it first: kedro run --pipeline ingestion "
            f'--params "as_of={issued:%Y-%m-%d}" (with --env live for a real city).'
        )
    named = pd.concat(sources, ignore_index=True)
    if any("nwp_" in name for row in chosen_models for name in row["features"]):
        since = max(start, min(earliest, *_nwp_starts(chosen_models)))
        end = issued + pd.Timedelta(days=horizon_days)
        history = add_nwp(history, nwp_rows, nwp.models, end, since)
        named = add_nwp_sources(named, history, issued)
    return {"recent_history": history, "forecast_sources": named}


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

    Locations fail independently: where the model cannot forecast, its climatology does, and where
    the model cannot be loaded, the others have their forecasts all the same.

    Models chosen for hindcasts forecast from every midnight between their first origin and `as_of`,
    on what lies before; the inputs are those of the latest forecast alone.

    Returns:
        `prediction_inputs` and `predictions`, rows of the tables of these names;
        `forecast_status`: one row a location (STATUS_COLUMNS).

    Raises:
        PipelineError: no location has a forecast.
    """
    issued = parse_as_of(as_of)
    failed, delay = dict(unserved_locations), nwp.publication_delay_hours
    inputs, steps, status = [], [], []
    for row in chosen_models:
        is_hindcast = row["first_origin"] < issued
        try:
            forecaster: PanelForecaster = model_registry.load(row, evaluated=row["evaluated"])
        except (PipelineError, ForecastingError) as error:
            if is_hindcast:
                logger.warning("No hindcasts for %s: %s", shown(row["wanted"]), error)
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
        made = forecast_with(forecaster, seen, row["wanted"], issued, number, engine)
        keys = {"model_id": row["model_id"], "as_of": issued}
        inputs.append(made.inputs.assign(**keys))
        steps.append(add_references(made.steps.assign(**keys), forecaster, seen, delay))
        status.append(made.status.assign(model=f"{row['name']} version {row['version']}"))
    if not status:
        raise PipelineError(" ".join(dict.fromkeys(failed.values())))
    without = pd.DataFrame(failed.items(), columns=["location", "reason"])
    return {
        "prediction_inputs": _inputs_by_forecast(pd.concat(inputs)),
        "predictions": _predictions(pd.concat(steps), forecast_sources),
        "forecast_status": pd.concat([*status, without])[STATUS_COLUMNS].astype(COUNTS),
    }


def _nwp_starts(models: list[dict[str, Any]]) -> Iterator[pd.Timestamp]:
    """The first NWP forecasts that each model needs: MOS corrects with the errors since the end of
    its training, a debiased mean with those of some weeks.
    """
    for row in models:
        debiased = "nwp_debiased" in {row["algorithm"], *row["parameters"].get("members", {})}
        yield _train_end(row) - (NWP_BIAS if debiased else NWP_ERRORS)


def variables_of(models: list[dict[str, Any]]) -> list[str]:
    """The variables that the features of the models are made of; temperature always."""
    names = [*(feature for row in models for feature in row["features"]), TEMPERATURE]
    if any("wind_u" in name or "wind_v" in name for name in names):
        names += [variable for variable in VARIABLES if variable.startswith("wind_")]
    return [variable for variable in VARIABLES if any(variable in name for name in names)]


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
