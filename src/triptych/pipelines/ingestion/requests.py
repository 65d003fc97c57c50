"""Which days are requested of which locations and weather models: what the database lacks."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

import pandas as pd

from triptych.parameters.forecasting import (
    ForecastParameters,
    IngestionParameters,
    NwpParameters,
    RecentParameters,
)
from triptych.pipelines.ingestion.call_budget import weight
from triptych.pipelines.ingestion.records import (
    ANALYSIS,
    FORECAST,
    ModelPeriods,
    is_open,
    periods_by_location,
)
from triptych.pipelines.ingestion.request_periods import (
    merge_periods,
    missing_periods,
    overlaps,
    split_years,
)
from triptych.pipelines.ts_common.location_selection import select_rows
from triptych.pipelines.ts_common.periods import DAY, parse_as_of, study_periods
from triptych.weather.variables import VARIABLES

REANALYSIS = "reanalysis"


@dataclass(frozen=True)
class Request:
    """Days of several locations, the end exclusive."""

    product: str
    start: date
    end: date
    models: tuple[str, ...]
    columns: int = len(VARIABLES)  # values for each hour
    repeated: bool = False  # no day is requested for the first time
    slugs: tuple[str, ...] = ()

    @property
    def weight(self) -> float:
        """Weighted calls at a source that counts them."""
        return weight(len(self.slugs), (self.end - self.start).days, self.columns)


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
) -> list[Request]:
    """List what is missing between the start of the study and `as_of`, a request a year.

    Days that were incomplete when they were last requested come last. They are requested again,
    once a day or for a later `as_of`, until `ingestion.final_after_days` after their first request.
    From `ingestion.refetch_from` on nothing counts as known: corrections overwrite what is stored.

    Args:
        locations, known_periods, known_gaps: `locations`, `ingested_periods`, `incomplete_days`.
    """
    issued, now = parse_as_of(as_of, today), pd.Timestamp(today, tz="UTC")
    delay = ingestion.archive_delay_days * DAY if source == "sample" else 0 * DAY
    wanted = (study_periods(issued, forecast).train_start, issued - delay)
    known = periods_by_location(known_periods, ingestion.refetch_from)
    due = (known_gaps["last_requested"] != now) | (known_gaps["last_as_of"] < issued)
    incomplete = known_gaps[is_open(known_gaps, now, source, ingestion) & due]
    days = incomplete.groupby("location")["day"].agg(list)
    planned: list[tuple[str, Request]] = []
    for slug in select_rows(locations, location, source)["location"]:
        new = missing_periods(wanted, known.get(slug, []))
        again = [(day, day + DAY) for day in days.get(slug, []) if wanted[0] <= day < wanted[1]]
        for period in merge_periods([*new, *again]):
            for start, end in split_years(period):
                span = (pd.Timestamp(start, tz="UTC"), pd.Timestamp(end, tz="UTC"))
                repeated = not any(overlaps(span, each) for each in new)
                models = (ingestion.models,)
                planned.append((slug, Request(REANALYSIS, start, end, models, repeated=repeated)))
    planned.sort(key=lambda each: each[1].repeated)
    return group_requests(planned, ingestion.locations_per_request)


def plan_model_requests(
    slugs: Iterable[str],
    lacking: set[str],
    known: ModelPeriods,
    first: pd.Timestamp,
    horizon_days: int,
    recent: RecentParameters,
    nwp: NwpParameters,
    size: int,
) -> list[Request]:
    """List the requests: recent analyses first, then forecasts, both in order of time.

    Args:
        lacking: locations that need the recent analysis.
        first: the start of the forecasts.
        size: locations of one request.
    """
    issued = known.issued
    overlap = (issued.floor("D") - recent.overlap_days * DAY, issued.ceil("D"))
    forecast = (first, (issued + horizon_days * DAY).ceil("D"))
    analyses = (recent.model,) if recent.model else ()
    planned: list[tuple[str, Request]] = []
    for slug in slugs:
        for product, wanted, models, columns in (
            (FORECAST, forecast, nwp.models, nwp.lead_days),
            (ANALYSIS, overlap, analyses if slug in lacking else (), len(VARIABLES)),
        ):
            days: dict[tuple[date, date], tuple[str, ...]] = {}
            for model in models:
                for period in missing_periods(wanted, known.known((slug, product, model))):
                    for span in split_years(period):
                        days[span] = (*days.get(span, ()), model)
            planned += [
                (slug, Request(product, *span, own, columns * len(own)))
                for span, own in days.items()
            ]
    planned.sort(key=lambda each: (each[1].product, each[1].start, each[1].end))
    return group_requests(planned, size)


def group_requests(planned: Iterable[tuple[str, Request]], size: int) -> list[Request]:
    """Join equal requests of up to `size` locations, in the order of the first of each."""
    grouped: dict[Request, list[str]] = {}
    for slug, request in planned:
        grouped.setdefault(request, []).append(slug)
    return [
        replace(request, slugs=tuple(slugs[first : first + size]))
        for request, slugs in grouped.items()
        for first in range(0, len(slugs), size)
    ]
