"""Ask the source for what the database lacks, a year a request, and let good rows in only."""

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import date, datetime
from typing import Any, NamedTuple

import pandas as pd

from triptych.classification.sources import explain_excess
from triptych.parameters import ForecastParameters, IngestionParameters
from triptych.periods import parse_as_of, study_periods
from triptych.pipelines.selection import select_rows
from triptych.weather.budget import CallLimits, Pacer, say_budget, weight
from triptych.weather.errors import TooManyRejected, WrongSource
from triptych.weather.locations import Location, SourceKind, locations_frame, select_locations
from triptych.weather.periods import missing_periods, settled_until, split_years
from triptych.weather.source import Fetched, OpenSource, WeatherSource
from triptych.weather.validation import Answer, Validation, empty_report, validate_hourly
from triptych.weather.variables import VARIABLES

logger = logging.getLogger(__name__)


class Request(NamedTuple):
    """Several locations and the days that are asked for, the end exclusive."""

    slugs: tuple[str, ...]
    start: date
    end: date

    @property
    def weight(self) -> float:
        """Weighted calls at a source that counts them."""
        return weight(len(self.slugs), (self.end - self.start).days, len(VARIABLES))


def list_locations(
    location_file: list[Location], location: str | None, source: SourceKind
) -> pd.DataFrame:
    """Take the locations that the run is about.

    Returns:
        One row a location: location, name, latitude, longitude, elevation, timezone, source.

    Raises:
        WeatherError: a location is not listed, or another source serves it.
    """
    return locations_frame(select_locations(location_file, location, source))


def plan_requests(
    locations: pd.DataFrame,
    known_periods: pd.DataFrame,
    location: str | None,
    source: str,
    as_of: str,
    today: str,
    forecast: ForecastParameters,
    ingestion: IngestionParameters,
) -> pd.DataFrame:
    """List what is missing between the start of the study and `as_of`.

    From `ingestion.refetch_from` on nothing counts as known: what the source has corrected since
    is written over what it said before.

    Returns:
        One row a request: location, start and end (exclusive), days within one calendar year.
    """
    issued = parse_as_of(as_of, today)
    wanted = (study_periods(issued, forecast).train_start, issued)
    known = {
        slug: _known_before(periods, ingestion.refetch_from)
        for slug, periods in known_periods.groupby("location")
    }
    requests = [
        (slug, start, end)
        for slug in select_rows(locations, location, source)["location"]
        for period in missing_periods(wanted, known.get(slug, []))
        for start, end in split_years(period)
    ]
    return pd.DataFrame(requests, columns=["location", "start", "end"])


def _known_before(
    periods: pd.DataFrame, refetch_from: date | None
) -> list[tuple[datetime, datetime]]:
    known = list(zip(periods["start"], periods["end"], strict=True))
    if refetch_from is None:
        return known
    limit = pd.Timestamp(refetch_from, tz="UTC")
    return [(start, min(end, limit)) for start, end in known if start < limit]


def fetch_weather(
    weather_requests: pd.DataFrame,
    locations: pd.DataFrame,
    weather_source: OpenSource,
    source: SourceKind,
    today: str,
    ingestion: IngestionParameters,
) -> Iterator[dict[str, pd.DataFrame]]:
    """Fetch request by request; Kedro saves each before the next is made.

    Rows are labelled with the kind of the source that was opened.

    Yields:
        `rejected_rows`, `weather_hourly`, `validation_report` and, last, `ingested_periods`: a run
        that is killed between two saves asks again for the year that it has not signed off.

    Raises:
        WrongSource: a location belongs to another source than the one that is opened.
        TooManyRejected: more of an answer was refused than `ingestion.max_rejected_share`. Its
            refused rows and its report have been yielded, of its hours none.
    """
    if weather_requests.empty:  # Kedro wants one chunk at least from a node that yields
        logger.info("The database holds everything up to as_of: nothing to ask for")
        yield _nothing()
    places = {row["location"]: _place(row) for row in locations.to_dict("records")}
    now, lag = pd.Timestamp(today, tz="UTC"), pd.Timedelta(days=ingestion.final_after_days)
    requests = group_requests(weather_requests, ingestion.locations_per_request)
    pacer = _pacer(requests, {place.source for place in places.values()}, ingestion)
    with closing(weather_source(source, models=ingestion.models)) as opened:
        _require_served(places.values(), opened)
        for number, (place, start, end, fetched) in enumerate(
            _answers(requests, places, opened, pacer), 1
        ):
            logger.info(
                "%s %s: %s hours (%s of %s)",
                place.name, start.year, f"{len(fetched.frame):,}", number, len(weather_requests),
            )  # fmt: skip
            answer = Answer(place, start, end, fetched.known_until)
            judged = validate_hourly(fetched.frame, answer, ingestion.max_rejected_share)
            _warn(judged.report, place.name)
            until = settled_until(fetched.known_until, pd.Timestamp(end, tz="UTC"), now, lag)
            yield _chunk(judged, fetched, answer, until, opened.kind)
            if judged.stopped:
                raise _too_many(judged, answer, ingestion.max_rejected_share)


def _require_served(places: Iterable[Location], source: WeatherSource) -> None:
    """Refuse rows of one source under the name of another, as the database would keep them."""
    for place in places:
        if place.source != source.kind:
            raise WrongSource(
                f"Location {place.slug!r} has the source {place.source}, but {source.kind} was "
                "opened. Nothing was fetched. Name locations of the run's `source`."
            )


def group_requests(requests: pd.DataFrame, size: int) -> list[Request]:
    """Requests of up to `size` locations for the same days, in the order of the first of each."""
    grouped: dict[tuple[date, date], list[str]] = {}
    for slug, start, end in requests.itertuples(index=False):
        grouped.setdefault((start, end), []).append(slug)
    return [
        Request(tuple(slugs[first : first + size]), *days)
        for days, slugs in grouped.items()
        for first in range(0, len(slugs), size)
    ]


def _pacer(
    requests: list[Request], sources: set[SourceKind], ingestion: IngestionParameters
) -> Pacer:
    """Say what the requests cost at a source that counts calls; it is asked at its pace."""
    if not requests or "open_meteo" not in sources:
        return Pacer(None)
    limits = None if ingestion.limits is None else CallLimits(**ingestion.limits.model_dump())
    logger.info("%s", say_budget((request.weight for request in requests), limits))
    return Pacer(limits)


def _answers(
    requests: list[Request], places: Mapping[str, Location], source: WeatherSource, pacer: Pacer
) -> Iterator[tuple[Location, date, date, Fetched]]:
    for request in requests:
        pacer.wait(request.weight)
        own = [places[slug] for slug in request.slugs]
        answers = source.fetch_many(own, request.start, request.end, list(VARIABLES))
        for place, fetched in zip(own, answers, strict=True):
            yield place, request.start, request.end, fetched


def _chunk(
    judged: Validation, fetched: Fetched, answer: Answer, until: datetime, source: SourceKind
) -> dict[str, pd.DataFrame]:
    """Give what is to be saved of an answer: of one that is not believed, no hour."""
    start = pd.Timestamp(answer.start, tz="UTC")
    period = (answer.place.slug, start, until, len(fetched.frame))
    hours = judged.accepted.iloc[:0] if judged.stopped else judged.accepted
    return {
        "rejected_rows": _with_id(judged.rejected.assign(source=source)),
        "weather_hourly": hours.assign(source=source),
        "validation_report": judged.report,
        "ingested_periods": _periods([] if judged.stopped else [period]).assign(source=source),
    }


def _warn(report: pd.DataFrame, name: str) -> None:
    for row in report[report["verdict"] == "warn"].itertuples():
        logger.warning(
            "%s %s to %s: %s breaks %s, %s of %s, first %s",
            name, row.start, row.end, row.column, row.rule, row.failed, row.checked, row.example,
        )  # fmt: skip


def _too_many(judged: Validation, answer: Answer, allowed: float) -> TooManyRejected:
    report, refused = judged.report, len(judged.rejected)
    asked = int(report.loc[report["rule"] == "rejected_share", "checked"].iloc[0])
    most = report[report["level"] == "reject"].sort_values("failed", kind="stable").iloc[-1]
    return TooManyRejected(
        f"{answer.place.name}, {answer.start} to {answer.end}, rows that break a rule: "
        f"{explain_excess(refused, asked, allowed)} (ingestion.max_rejected_share). Most often "
        f"{most['column']}, {most['rule']}: {most['failed']:,} rows, first "
        f"{most['example']}. No hour of this answer was stored, what the database held stays; the "
        "table rejected_rows and data/08_reporting/validation_report.csv say more. Run again when "
        "the source is mended, or raise the share if it is right."
    )


def _nothing() -> dict[str, pd.DataFrame]:
    return {name: pd.DataFrame() for name in ("rejected_rows", "weather_hourly")} | {
        "validation_report": empty_report(),
        "ingested_periods": _periods([]),
    }


def _with_id(rejected: pd.DataFrame) -> pd.DataFrame:
    """Name a rejected row by its content: the same row refused again is the same row."""
    parts = rejected[["source", "location", "time", "reason", "row"]].astype(str)
    contents = ("|".join(part) for part in parts.itertuples(index=False))
    return rejected.assign(id=[hashlib.sha256(c.encode()).hexdigest() for c in contents])


def _periods(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    periods = pd.DataFrame(rows, columns=["location", "start", "end", "rows"])
    return periods[periods["end"] > periods["start"]]


def _place(row: Mapping[Any, Any]) -> Location:
    return Location.model_validate({"slug" if k == "location" else k: v for k, v in row.items()})
