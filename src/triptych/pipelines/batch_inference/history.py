"""The recent history of the models' locations: weather, NWP forecasts and their sources."""

from typing import Any

import pandas as pd

from triptych.classification.sources import listed
from triptych.errors import PipelineError
from triptych.execution.batches import SERIAL, map_batches
from triptych.forecasting.contract import TEMPERATURE
from triptych.forecasting.features.nwp import lead_days_by_model, nwp_column
from triptych.parameters.forecasting import (
    BatchParameters,
    EngineParameters,
    NwpParameters,
    PreprocessingParameters,
    RecentParameters,
)
from triptych.pipelines.ts_common.location_selection import Rows, add_nwp
from triptych.pipelines.ts_common.periods import parse_as_of
from triptych.weather.steps import hours_to_history, with_recent
from triptych.weather.variables import VARIABLES

SEPARATOR = "; "


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

    Hours that the reanalysis lacks are those of the recent analysis, corrected for its bias. The
    neighbours that a model was trained with are included. PipelineError without any data.
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
    doing = "Preparing recent weather"
    prepared = map_batches(_prepare_batch, groups, engine, doing, *shared, make=read)
    histories, sources = zip(*prepared, strict=True)
    history = pd.concat(histories, ignore_index=True)
    if history.empty:
        wanted = sorted({slug for row in chosen_models for slug in row["wanted"]})
        raise PipelineError(
            f"Nothing is known of {listed(wanted)} between {start:%Y-%m-%d} and as_of "
            f"{issued:%Y-%m-%d}. Ingest it first: kedro run --pipeline ingestion "
            f'--params "as_of={issued:%Y-%m-%d}" (with --env live for a real city).'
        )
    named = pd.concat(sources, ignore_index=True)
    if any("nwp_" in name for row in chosen_models for name in row["features"]):
        since = max(start, min(earliest, *map(_nwp_start, chosen_models)))
        end = issued + pd.Timedelta(days=horizon_days)
        history = add_nwp(history, nwp_rows, nwp.models, end, since)
        named = _add_nwp_sources(named, history, issued)
    return {"recent_history": history, "forecast_sources": named}


def _prepare_batch(
    locations: pd.DataFrame,
    preprocessing: PreprocessingParameters,
    recent_model: str | None,
    rows: tuple[pd.DataFrame, pd.DataFrame],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The history of a batch, and `location, sources`, from hours of both weather tables."""
    hours, analyses = rows
    known = with_recent(hours.drop(columns="source"), analyses)
    names = hours.groupby("location")["source"].last().map("reanalysis ({})".format)
    late = known.groupby("location")["recent"].any()
    named = pd.DataFrame({"sources": names.reindex(late.index).fillna("")})
    named.loc[late, "sources"] += f"{SEPARATOR}recent analysis ({recent_model})"
    named["sources"] = named["sources"].str.removeprefix(SEPARATOR)
    limit = preprocessing.interpolation_limit_hours
    history = hours_to_history(locations, limit, known.drop(columns="recent"))
    return history, named.rename_axis("location").reset_index()


def _add_nwp_sources(
    sources: pd.DataFrame, history: pd.DataFrame, as_of: pd.Timestamp
) -> pd.DataFrame:
    """Name the weather models that have forecasts after `as_of`, by location."""
    later = history[history["time"] >= as_of]
    present: dict[str, list[str]] = {}
    for model, days in lead_days_by_model(map(str, history.columns)).items():
        known = later[[nwp_column(model, day) for day in days]].notna().any(axis=1)
        for slug in later.loc[known, "location"].unique():
            present.setdefault(slug, []).append(model)
    added = {slug: f"{SEPARATOR}NWP ({', '.join(models)})" for slug, models in present.items()}
    named = sources["location"].map(lambda slug: added.get(slug, ""))
    return sources.assign(sources=sources["sources"] + named)


def _nwp_start(row: dict[str, Any]) -> pd.Timestamp:
    """The first NWP forecast that a model needs, for the errors that it corrects with."""
    members = row["parameters"].get("members", {row["algorithm"]: row["parameters"]})
    debiased = members.get("nwp_debiased")
    return train_end(row) - pd.Timedelta(days=debiased["days"] + 10 if debiased else 1)


def train_end(row: dict[str, Any]) -> pd.Timestamp:
    """The end of the training of the forecaster that a row of `models` stands for in this run."""
    return pd.Timestamp(row["evaluated_train_end"] if row["evaluated"] else row["train_end"])


def variables_of(models: list[dict[str, Any]]) -> list[str]:
    """The variables that the features of the models are made of; temperature always."""
    names = [*(feature for row in models for feature in row["features"]), TEMPERATURE]
    if any("wind_u" in name or "wind_v" in name for name in names):
        names += [variable for variable in VARIABLES if variable.startswith("wind_")]
    return [variable for variable in VARIABLES if any(variable in name for name in names)]
