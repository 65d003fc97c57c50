"""The locations of a run, and rows that are read a part of them at a time."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pandas as pd

from triptych.classification.sources import listed
from triptych.errors import PipelineError
from triptych.execution.batches import split_locations
from triptych.weather.locations import Location
from triptych.weather.steps import with_nwp
from triptych.weather.variables import TEMPERATURE

_BATCH = 20  # locations whose hourly NWP forecasts are in memory at once


class Rows(Protocol):
    """A table that is read a part at a time."""

    def read(self, columns: Sequence[str], filters: Mapping[str, Any]) -> pd.DataFrame:
        """The rows that pass the filters, by column: a value, a list, or bounds."""

    def read_wide(self, value: str, across: str, filters: Mapping[str, Any]) -> pd.DataFrame:
        """The same rows, with `value` in a column for each value of the key column `across`."""

    def is_empty(self, filters: Mapping[str, Any]) -> bool:
        """Whether no row passes the filters."""


def select_rows(
    locations: pd.DataFrame, location_file: Sequence[Location], location: str | None, source: str
) -> pd.DataFrame:
    """Select the locations of a run: a slug, or several joined by `;`; None takes those of the
    source that the file has. PipelineError if one is not in the database, or none is.
    """
    if location is None:
        current = [place.slug for place in location_file if place.source == source]
        chosen = locations[locations["location"].isin(current)]
        wanted = f"any location of the source {source!r}"
    else:
        slugs = [slug.strip() for slug in str(location).split(";") if slug.strip()]
        known = set(locations["location"])
        missing = [slug for slug in slugs if slug not in known]
        chosen = locations[locations["location"].isin(slugs) & (not missing)]
        wanted = " and ".join(missing)
    if chosen.empty:
        raise PipelineError(
            f"The database does not hold {wanted}. It holds: "
            f"{listed(locations['location'])}. Ingest it first: "
            'kedro run --pipeline ingestion --params "location=…", with --env live for a real city.'
        )
    return chosen


def add_nwp(
    history: pd.DataFrame,
    nwp_rows: Rows,
    models: Sequence[str],
    end: pd.Timestamp,
    start: pd.Timestamp | None = None,
) -> pd.DataFrame:
    """Add the NWP forecasts of some models from `start`, by default the history's, to `end`."""
    first = history["time"].min() if start is None else start
    period = {"ge": first.to_pydatetime(), "lt": end.to_pydatetime()}
    parts = []
    for part in split_locations(history, _BATCH):
        slugs = sorted(part["location"].unique())
        filters = {"location": slugs, "model": list(models), "time": period}
        parts.append(with_nwp(part, nwp_rows.read_wide(TEMPERATURE, "lead_day", filters)))
    return pd.concat(parts, ignore_index=True)
