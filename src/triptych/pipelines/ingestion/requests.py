"""Which days are requested of which location: what was never requested, then what was missing."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple

import pandas as pd

from triptych.parameters.forecasting import ForecastParameters
from triptych.parameters.ingestion import IngestionParameters
from triptych.pipelines.ts_common.location_selection import select_rows
from triptych.pipelines.ts_common.periods import parse_as_of, study_periods
from triptych.weather.completeness import days_to_repeat
from triptych.weather.request_periods import Period, merge_periods, missing_periods, split_years
from triptych.weather.sources.call_budget import weight
from triptych.weather.variables import VARIABLES

REQUEST_COLUMNS = ["location", "start", "end", "repeated"]


class Request(NamedTuple):
    """Several locations and the days that are asked for, the end exclusive."""

    slugs: tuple[str, ...]
    start: date
    end: date
    repeated: bool

    @property
    def weight(self) -> float:
        """Weighted calls at a source that counts them."""
        return weight(len(self.slugs), (self.end - self.start).days, len(VARIABLES))


def plan_requests(
    locations: pd.DataFrame,
    known_periods: pd.DataFrame,
    known_gaps: pd.DataFrame,
    location: str | None,
    source: str,
    as_of: str,
    today: str,
    forecast: ForecastParameters,
    ingestion: IngestionParameters,
) -> pd.DataFrame:
    """List what is missing between the start of the study and `as_of`.

    Days that were incomplete when they were last requested are requested again, until
    `ingestion.final_after_days` after their first request. From `ingestion.refetch_from` on
    nothing counts as known: what the source has corrected since is written over what it said
    before.

    Args:
        locations: the table of locations.
        known_periods: the rows of `ingested_periods`.
        known_gaps: the rows of `incomplete_days`.

    Returns:
        One row a request: location, start and end (exclusive), days within one calendar year, and
        repeated: no day of it is requested for the first time. Those come last.
    """
    issued = parse_as_of(as_of, today)
    delay = pd.Timedelta(days=ingestion.archive_delay_days if source == "sample" else 0)
    wanted = (study_periods(issued, forecast).train_start, issued - delay)
    known = periods_by_location(known_periods, ingestion.refetch_from)
    again = days_to_repeat(
        known_gaps, issued, pd.Timestamp(today, tz="UTC"), final_after(source, ingestion)
    )
    requests = [
        (slug, start, end, repeated)
        for slug in select_rows(locations, location, source)["location"]
        for start, end, repeated in _requests(wanted, known.get(slug, []), again.get(slug, []))
    ]
    plan = pd.DataFrame(requests, columns=REQUEST_COLUMNS)
    return plan.sort_values("repeated", kind="stable", ignore_index=True)


def final_after(source: str, ingestion: IngestionParameters) -> pd.Timedelta:
    """How long after its first request a day is requested again; the sample never changes."""
    return pd.Timedelta(days=0 if source == "sample" else ingestion.final_after_days)


def _requests(
    wanted: Period, known: list[Period], again: list[Period]
) -> list[tuple[date, date, bool]]:
    new = missing_periods(wanted, known)
    due = [(start, end) for start, end in again if wanted[0] < end and start < wanted[1]]
    merged = merge_periods([*new, *due], lambda days: weight(1, days, len(VARIABLES)))
    return [
        (start, end, not any(_overlap((start, end), period) for period in new))
        for period in merged
        for start, end in split_years(period)
    ]


def _overlap(days: tuple[date, date], period: Period) -> bool:
    start, end = (pd.Timestamp(day, tz="UTC") for day in days)
    return start < period[1] and period[0] < end


def periods_by_location(
    periods: pd.DataFrame, before: date | None = None
) -> Mapping[str, list[Period]]:
    """The periods of each location, cut off at a day if one is named."""
    limit = (
        pd.Timestamp.max.tz_localize("UTC") if before is None else pd.Timestamp(before, tz="UTC")
    )
    found: dict[str, list[tuple[datetime, datetime]]] = {}
    for slug, start, end in zip(periods["location"], periods["start"], periods["end"], strict=True):
        if start < limit:
            found.setdefault(slug, []).append((start, min(end, limit)))
    return found


def group_requests(requests: pd.DataFrame, size: int) -> list[Request]:
    """Requests of up to `size` locations for the same days, in the order of the first of each."""
    grouped: dict[tuple[date, date, bool], list[str]] = {}
    for slug, start, end, repeated in requests[REQUEST_COLUMNS].itertuples(index=False):
        grouped.setdefault((start, end, repeated), []).append(slug)
    return [
        Request(tuple(slugs[first : first + size]), *days)
        for days, slugs in grouped.items()
        for first in range(0, len(slugs), size)
    ]
