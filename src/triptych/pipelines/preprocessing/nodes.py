"""Hours become a complete grid, then 3-hour steps, then the history that forecasters take."""

import logging
from functools import partial

import pandas as pd

from triptych.classification.sources import listed
from triptych.errors import PipelineError
from triptych.execution.batches import SERIAL, map_batches, split_locations
from triptych.parameters.forecasting import EngineParameters, NwpParameters, PreprocessingParameters
from triptych.pipelines.ts_common.location_selection import Rows, add_nwp, select_rows
from triptych.pipelines.ts_common.periods import parse_as_of
from triptych.weather.locations import Location
from triptych.weather.steps import hours_to_history, interpolate, to_three_hours
from triptych.weather.variables import VARIABLES

logger = logging.getLogger(__name__)


def select_hours(
    hourly_rows: Rows,
    ingested_periods: pd.DataFrame,  # noqa: ARG001 - not before ingestion has ended
    locations: pd.DataFrame,
    location_file: list[Location],
    location: str | None,
    source: str,
    as_of: str,
) -> pd.DataFrame:
    """Read the hours of the run's locations that are known at `as_of`; there must be one."""
    issued = parse_as_of(as_of)
    wanted = select_rows(locations, location_file, location, source)["location"].tolist()
    filters = {"location": wanted, "time": {"lt": issued.to_pydatetime()}}
    known = hourly_rows.read(["location", "time", *VARIABLES], filters)
    empty = sorted(set(wanted) - set(known["location"].unique()))
    if empty:
        message = (
            f"Nothing is known of {listed(empty)} before as_of {issued:%Y-%m-%d}. Name a later "
            "as_of, or ingest earlier years: forecast.train_start says from when on."
        )
        if known.empty:
            raise PipelineError(message)
        logger.warning("%s", message)
    return known


def complete_hours(
    known_hours: pd.DataFrame,
    preprocessing: PreprocessingParameters,
    engine: EngineParameters = SERIAL,
) -> dict[str, pd.DataFrame]:
    """Lay the hours on a complete grid and interpolate short gaps linearly (`interpolate`)."""
    parts = split_locations(known_hours, engine.batch_locations)
    fill = partial(interpolate, limit_hours=preprocessing.interpolation_limit_hours)
    completed = map_batches(fill, parts, engine, "Completing hours")
    return {
        "complete_hours": pd.concat([grid for grid, _ in completed], ignore_index=True),
        "missing_hours": pd.concat([gaps for _, gaps in completed], ignore_index=True),
    }


def average_steps(complete_hours: pd.DataFrame, engine: EngineParameters = SERIAL) -> pd.DataFrame:
    """Average three hours to a step: 00h is the mean of 00, 01 and 02; rows of `weather_3h`."""
    parts = split_locations(complete_hours, engine.batch_locations)
    steps = map_batches(to_three_hours, parts, engine, "Averaging steps")
    return pd.concat(steps, ignore_index=True)


def build_history(
    known_hours: pd.DataFrame,
    locations: pd.DataFrame,
    preprocessing: PreprocessingParameters,
    engine: EngineParameters = SERIAL,
) -> pd.DataFrame:
    """Build what forecasters take, batch by batch (`weather.steps.hours_to_history`)."""
    parts = split_locations(known_hours, engine.batch_locations)
    shared = (locations, preprocessing.interpolation_limit_hours)
    histories = map_batches(hours_to_history, parts, engine, "Building the history", *shared)
    return pd.concat(histories, ignore_index=True)


def add_known_nwp(
    weather_history: pd.DataFrame,
    nwp_rows: Rows,
    model_periods: pd.DataFrame,  # noqa: ARG001 - not before ingestion has ended
    nwp: NwpParameters,
    as_of: str,
) -> pd.DataFrame:
    """Add the NWP forecasts of the steps of the history (ts_common.location_selection.add_nwp)."""
    return add_nwp(weather_history, nwp_rows, nwp.models, parse_as_of(as_of))
