"""Which days are requested of which locations and weather models, and what that costs.

Open-Meteo weighs a request by its locations, variables and days:
https://open-meteo.com/en/pricing, "Limitations and fair use".
"""

import logging
import math
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

import pandas as pd

from triptych.parameters.forecasting import (
    ForecastParameters,
    IngestionParameters,
    LimitParameters,
    NwpParameters,
    RecentParameters,
)
from triptych.pipelines.ingestion import records
from triptych.pipelines.ts_common.location_selection import select_rows
from triptych.pipelines.ts_common.periods import DAY, parse_as_of, study_periods
from triptych.weather.errors import CallLimitReached
from triptych.weather.locations import Location
from triptych.weather.variables import VARIABLES

REANALYSIS = "reanalysis"
logger = logging.getLogger(__name__)
_VARIABLES, _DAYS = 10, 14  # what one call pays for
_LOGGED_SECONDS = 10.0  # a longer wait is logged


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
    location_file: list[Location],
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
    """
    issued, now = parse_as_of(as_of, today), pd.Timestamp(today, tz="UTC")
    delay = ingestion.archive_delay_days * DAY if source == "sample" else 0 * DAY
    wanted = (study_periods(issued, forecast).train_start, issued - delay)
    known = records.periods_by_location(known_periods, ingestion.refetch_from)
    due = (known_gaps["last_requested"] != now) | (known_gaps["last_as_of"] < issued)
    incomplete = known_gaps[records.is_open(known_gaps, now, source, ingestion) & due]
    days = incomplete.groupby("location")["day"].agg(list)
    planned: list[tuple[str, Request]] = []
    for slug in select_rows(locations, location_file, location, source)["location"]:
        new = records.missing_periods(wanted, known.get(slug, []))
        again = [(day, day + DAY) for day in days.get(slug, []) if wanted[0] <= day < wanted[1]]
        for period in records.merge_periods([*new, *again]):
            for start, end in records.split_years(period):
                span = (pd.Timestamp(start, tz="UTC"), pd.Timestamp(end, tz="UTC"))
                repeated = not any(records.overlaps(span, each) for each in new)
                models = (ingestion.models,)
                planned.append((slug, Request(REANALYSIS, start, end, models, repeated=repeated)))
    planned.sort(key=lambda each: each[1].repeated)
    return group_requests(planned, ingestion.locations_per_request)


def plan_model_requests(
    slugs: Iterable[str],
    lacking: set[str],
    known: records.ModelPeriods,
    first: pd.Timestamp,
    horizon_days: int,
    recent: RecentParameters,
    nwp: NwpParameters,
    size: int,
) -> list[Request]:
    """Plan requests: analyses of the `lacking` locations, then forecasts from `first`, by time."""
    issued = known.issued
    overlap = (issued.floor("D") - recent.overlap_days * DAY, issued.ceil("D"))
    forecast = (first, (issued + horizon_days * DAY).ceil("D"))
    analyses = (recent.model,) if recent.model else ()
    planned: list[tuple[str, Request]] = []
    for slug in slugs:
        for product, wanted, models, columns in (
            (records.FORECAST, forecast, nwp.models, nwp.lead_days),
            (records.ANALYSIS, overlap, analyses if slug in lacking else (), len(VARIABLES)),
        ):
            days: dict[tuple[date, date], tuple[str, ...]] = {}
            for model in models:
                for period in records.missing_periods(wanted, known.known((slug, product, model))):
                    for span in records.split_years(period):
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


def weight(locations: int, days: int, variables: int) -> float:
    """Return the weighted calls of one request."""
    return locations * max(1.0, variables / _VARIABLES * max(1.0, days / _DAYS))


def describe_budget(weights: Collection[float], limits: LimitParameters | None) -> str:
    """Describe what requests cost together, and how long the limits make them last."""
    total = sum(weights)
    cost = f"{len(weights):,} requests, {total:,.0f} weighted calls"
    if limits is None:
        return f"{cost}; no limit is set (ingestion.limits)"
    free = f"{limits.minute:,} a minute, {limits.hour:,} an hour, {limits.day:,} a day"
    most, unit = limits.minute, "min"
    if total > min(limits.hour, limits.day):
        most, unit = (limits.day, "days") if total > limits.day else (limits.hour, "hours")
    return f"{cost}: {math.ceil(total / most):,} {unit} at {free}"


class Pacer:
    """Delays requests until the limits allow them; without limits it delays nothing."""

    def __init__(self, limits: LimitParameters | None) -> None:
        self._limits = limits
        self._made: list[tuple[float, float]] = []  # time and weight

    def affords(self, cost: float) -> bool:
        """Tell whether the calls of this day suffice for a request of this weight."""
        return self._limits is None or self._spent(86_400.0) + cost <= self._limits.day

    def wait(self, cost: float) -> None:
        """Wait until a request of this weight may be made; CallLimitReached if none may today."""
        if self._limits is None:
            return
        if not self.affords(cost):
            raise CallLimitReached(
                f"The {self._limits.day:,} weighted calls of a day (ingestion.limits) are used up. "
                "What was fetched is stored: run again tomorrow to continue. Without "
                "a limit: a key (TRIPTYCH_OPEN_METEO_KEY) or a server of your own."
            )
        for name, seconds in (("minute", 60.0), ("hour", 3600.0)):
            most = getattr(self._limits, name)
            while (spent := self._spent(seconds)) and spent + cost > most:
                now = time.monotonic()
                counted = (at for at, _ in self._made if at > now - seconds)
                pause = min(counted, default=now - seconds) + seconds - now
                if pause > _LOGGED_SECONDS:
                    logger.info(
                        "The source allows %s calls a %s: waiting %.0f s", f"{most:,}", name, pause
                    )
                time.sleep(pause)
        self._made.append((time.monotonic(), cost))

    def _spent(self, seconds: float) -> float:
        since = time.monotonic() - seconds
        return sum(cost for at, cost in self._made if at > since)


shared_pacer = cache(Pacer)  # nodes of one process that request data share the source's limits
