"""The locations of a run."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pandas as pd

from triptych.errors import PipelineError

SHOWN = 20  # slugs in a message


class Rows(Protocol):
    """A table that is read a part at a time."""

    def read(self, columns: Sequence[str], filters: Mapping[str, Any]) -> pd.DataFrame:
        """The rows that pass the filters, by column: a value, a list, or bounds."""
        ...

    def is_empty(self, filters: Mapping[str, Any]) -> bool:
        """Whether no row passes the filters."""
        ...


def shown(slugs: Sequence[str]) -> str:
    """Name locations in a message that stays readable with ten thousand of them."""
    more = f" and {len(slugs) - SHOWN:,} more" if len(slugs) > SHOWN else ""
    return ", ".join(slugs[:SHOWN]) + more


def select_rows(locations: pd.DataFrame, location: str | None, source: str) -> pd.DataFrame:
    """Select the locations of a run.

    Args:
        locations: the table of locations.
        location: a slug, or several joined by `;`; None takes all of the source.
        source: `sample` or `open_meteo`.

    Raises:
        PipelineError: a location is not in the database, or none is.
    """
    if location is None:
        chosen = locations[locations["source"] == source]
        wanted = f"any location of the source {source!r}"
    else:
        slugs = [slug.strip() for slug in str(location).split(";") if slug.strip()]
        missing = [slug for slug in slugs if slug not in set(locations["location"])]
        chosen = locations[locations["location"].isin(slugs) & (not missing)]
        wanted = " and ".join(missing)
    if chosen.empty:
        raise PipelineError(
            f"The database does not hold {wanted}. It holds: "
            f"{shown(list(locations['location'])) or 'no location'}. Ingest it first: "
            'kedro run --pipeline ingestion --params "location=…", with --env live for a real city.'
        )
    return chosen
