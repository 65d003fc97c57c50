"""Ask the source for what the database lacks, and store the values that pass validation."""

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import date
from typing import Any

import pandas as pd

from triptych.classification.sources import explain_excess
from triptych.parameters.forecasting import ForecastParameters
from triptych.parameters.ingestion import IngestionParameters
from triptych.pipelines.ingestion.records import Records
from triptych.pipelines.ingestion.requests import Request, final_after, group_requests
from triptych.pipelines.ts_common.location_selection import select_rows
from triptych.pipelines.ts_common.periods import parse_as_of, study_periods
from triptych.weather.completeness import is_open, summarize_missing
from triptych.weather.errors import (
    CallLimitReached,
    InvalidAnswer,
    SourceRefused,
    SourceUnavailable,
    TooManyRejected,
    WeatherError,
    WrongSource,
)
from triptych.weather.locations import Location, SourceKind, locations_frame, select_locations
from triptych.weather.request_periods import expected_until
from triptych.weather.sources.base import PAST_DAYS, Fetched, OpenSource, WeatherSource
from triptych.weather.sources.call_budget import CallLimits, Pacer, say_budget, shared_pacer
from triptych.weather.validation.expectations import VALUE_RULES, WHOLE_ROW
from triptych.weather.validation.report import Answer, Validation, empty_report, validate_hourly
from triptych.weather.variables import VARIABLES

logger = logging.getLogger(__name__)

_DROPPED = (
    ". That is more than ingestion.max_rejected_share: no value of this variable was stored from "
    "this answer"
)


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


def fetch_weather(
    weather_requests: pd.DataFrame,
    locations: pd.DataFrame,
    known_periods: pd.DataFrame,
    known_gaps: pd.DataFrame,
    weather_source: OpenSource,
    source: SourceKind,
    as_of: str,
    today: str,
    ingestion: IngestionParameters,
) -> Iterator[dict[str, Any]]:
    """Fetch request by request; Kedro saves each before the next is made.

    Rows are labelled with the kind of the source that was opened.

    Yields:
        `rejected_rows`, `weather_hourly`, `validation_report`, `archive_warnings`,
        `incomplete_days` and, last, `ingested_periods`: a run that is killed between two saves asks
        again for the year that it has not recorded.

    Raises:
        WrongSource: a location belongs to another source than the one that is opened.
        WeatherError: no request had a usable answer, or one had none and `ingestion.on_refused` is
            `fail`: the source refused it, or more rows or temperatures of the answer were rejected
            than `ingestion.max_rejected_share`. What was rejected and the report have been yielded,
            of its hours none; the other requests have been made.
        SourceUnavailable, CallLimitReached: no further request would be answered, and more is
            missing than the latest days, which forecasts can do without.
    """
    if weather_requests.empty:  # Kedro wants one chunk at least from a node that yields
        logger.info("The database holds everything up to as_of: nothing to ask for")
        yield _nothing()
    own = locations[locations["location"].isin(weather_requests["location"])]
    places = {row["location"]: to_location(row) for row in own.to_dict("records")}
    now, lag = pd.Timestamp(today, tz="UTC"), pd.Timedelta(days=ingestion.final_after_days)
    issued = parse_as_of(as_of, today)
    records = Records(known_periods, known_gaps, issued, now)
    requests = group_requests(weather_requests, ingestion.locations_per_request)
    pacer = make_pacer([request.weight for request in requests], source, ingestion)
    refused: list[WeatherError] = []
    answered: set[tuple[str, date]] = set()
    with closing(weather_source(source, models=ingestion.models)) as opened:
        _require_served(places.values(), opened)
        try:
            for place, start, end, fetched in _answers(requests, places, opened, pacer):
                answered.add((place.slug, start))
                if isinstance(fetched, WeatherError):
                    refused.append(fetched)
                    continue
                logger.info(
                    "%s %s: %s hours (%s of %s)", place.name, start.year,
                    f"{len(fetched.frame):,}", len(answered), len(weather_requests),
                )  # fmt: skip
                until = expected_until(fetched.known_until, pd.Timestamp(end, tz="UTC"), now, lag)
                answer = Answer(place, start, end, until)
                judged = validate_hourly(fetched.frame, answer, ingestion.max_rejected_share)
                _warn(judged.report, place.name)
                yield _chunk(judged, fetched, answer, records)
                if judged.stopped:
                    refused.append(_too_many(judged, answer, ingestion.max_rejected_share))
        except (SourceUnavailable, CallLimitReached) as error:
            if not _has_all_but_latest(weather_requests, known_periods, answered, issued):
                raise
            logger.warning("%s", error)
            yield _nothing() | {
                "archive_warnings": [f"{error} The run goes on with the data in the database."]
            }
    if refused:
        _report_refused(refused, ingestion.on_refused == "fail" or len(refused) == len(answered))


def _has_all_but_latest(
    requests: pd.DataFrame,
    known_periods: pd.DataFrame,
    answered: set[tuple[str, date]],
    issued: pd.Timestamp,
) -> bool:
    """Tell whether every request without an answer is for recent days of a known location."""
    keys = zip(requests["location"], requests["start"], strict=True)
    left = requests[[key not in answered for key in keys]]
    new = left[~left["repeated"].astype(bool)]
    known = known_periods.groupby("location").agg(first=("start", "min"), until=("end", "max"))
    spans = new.join(known, on="location")
    # a request for the latest days may begin earlier, with incomplete days
    within = pd.to_datetime(spans["start"], utc=True) >= spans["first"]
    current = spans["until"] >= issued - pd.Timedelta(days=PAST_DAYS)
    return bool((within & current).all())


def _require_served(places: Iterable[Location], source: WeatherSource) -> None:
    """Refuse rows of one source under the name of another, as the database would keep them."""
    for place in places:
        if place.source != source.kind:
            raise WrongSource(
                f"Location {place.slug!r} has the source {place.source}, but {source.kind} was "
                "opened. Nothing was fetched. Name locations of the run's `source`."
            )


def report_missing(
    incomplete_days: pd.DataFrame,
    locations: pd.DataFrame,
    location: str | None,
    source: str,
    as_of: str,
    today: str,
    forecast: ForecastParameters,
    ingestion: IngestionParameters,
) -> pd.DataFrame:
    """List what the source has not answered of the study's period, and what is requested again.

    Returns:
        location, start and end (first and last day), variables, hours, first_requested, repeated;
        the longest first.
    """
    issued = parse_as_of(as_of, today)
    wanted = select_rows(locations, location, source)["location"]
    start = study_periods(issued, forecast).train_start
    chosen = incomplete_days[
        incomplete_days["location"].isin(wanted)
        & incomplete_days["day"].between(start, issued, "left")
    ]
    now, limit = pd.Timestamp(today, tz="UTC"), final_after(source, ingestion)
    return summarize_missing(chosen.assign(repeated=is_open(chosen, now, limit)))


def make_pacer(weights: list[float], source: SourceKind, ingestion: IngestionParameters) -> Pacer:
    """Log what the requests cost at a source that counts calls, and give its pacer."""
    if not weights or source != "open_meteo":
        return Pacer(None)
    limits = None if ingestion.limits is None else CallLimits(**ingestion.limits.model_dump())
    logger.info("%s", say_budget(weights, limits))
    return shared_pacer(limits)


def _answers(
    requests: list[Request], places: Mapping[str, Location], source: WeatherSource, pacer: Pacer
) -> Iterator[tuple[Location, date, date, Fetched | WeatherError]]:
    for number, request in enumerate(requests):
        if request.repeated and not pacer.affords(request.weight):
            logger.warning(
                "The calls of the day are used up: %s requests for days that were incomplete are "
                "left to a later run", len(requests) - number,
            )  # fmt: skip
            return
        pacer.wait(request.weight)
        own = [places[slug] for slug in request.slugs]
        for place, fetched in _fetch_each(own, request.start, request.end, source):
            yield place, request.start, request.end, fetched


def _fetch_each(
    places: list[Location], start: date, end: date, source: WeatherSource
) -> Iterator[tuple[Location, Fetched | WeatherError]]:
    """Request several locations at once; if that is refused, each alone: one fails alone."""
    try:
        answers = list(source.fetch_many(places, start, end, list(VARIABLES)))
    except CallLimitReached:
        raise
    except (SourceRefused, InvalidAnswer) as error:
        if len(places) == 1:
            yield places[0], error
            return
        for place in places:
            yield from _fetch_each([place], start, end, source)
        return
    yield from zip(places, answers, strict=True)


def _chunk(
    judged: Validation, fetched: Fetched, answer: Answer, records: Records
) -> dict[str, Any]:
    """Give what is to be saved of an answer: of one that is not believed, no hour."""
    source = answer.place.source
    chunk = _nothing() | {
        "rejected_rows": with_id(judged.rejected.assign(source=source)),
        "validation_report": judged.report,
    }
    if judged.stopped:
        return chunk
    return chunk | {
        "weather_hourly": judged.accepted.assign(source=source),
        "incomplete_days": records.incomplete_days(answer, fetched, judged.accepted),
        "ingested_periods": records.periods(answer, fetched),
    }


def _warn(report: pd.DataFrame, name: str) -> None:
    for row in report[report["verdict"].isin(["warn", "drop"])].itertuples():
        logger.warning(
            "%s %s to %s: %s breaks %s, %s of %s, first %s%s",
            name, row.start, row.end, row.column, row.rule, row.failed, row.checked, row.example,
            _DROPPED if row.verdict == "drop" else "",
        )  # fmt: skip


def _too_many(judged: Validation, answer: Answer, allowed: float) -> TooManyRejected:
    report = judged.report
    stop = report[report["verdict"] == "stop"].iloc[0]
    of_rows = stop["column"] == WHOLE_ROW
    rejecting = report[(report["level"] == "reject") & ~report["rule"].isin(VALUE_RULES)]
    most = rejecting.sort_values("failed", kind="stable").iloc[-1] if of_rows else stop
    what = "rows" if of_rows else f"values of {stop['column']}"
    return TooManyRejected(
        f"{answer.place.name}, {answer.start} to {answer.end}, {what} that break a rule: "
        f"{explain_excess(stop['failed'], stop['checked'], allowed)} "
        f"(ingestion.max_rejected_share). Most often {most['column']}, {most['rule']}: "
        f"{most['failed']:,}, first {most['example']}. No hour of this answer was stored, what the "
        "database held stays; the table rejected_rows and data/08_reporting/validation_report.csv "
        "say more. Run again when the source is mended, or raise the share if it is right."
    )


def _report_refused(refused: list[WeatherError], fails: bool) -> None:
    """Raise the first, or warn of each: the other locations have their weather."""
    if fails:
        others = f" {len(refused) - 1} other requests failed as well." if len(refused) > 1 else ""
        raise type(refused[0])(f"{refused[0]}{others}") from refused[0]
    for error in refused:
        logger.warning("%s", error)


def _nothing() -> dict[str, Any]:
    """An empty frame for each output, in the order in which they are saved."""
    return {name: pd.DataFrame() for name in ("rejected_rows", "weather_hourly")} | {
        "validation_report": empty_report(),
        "archive_warnings": [],
        "incomplete_days": pd.DataFrame(),
        "ingested_periods": pd.DataFrame(),
    }


def with_id(rejected: pd.DataFrame) -> pd.DataFrame:
    """Name a rejected row by its content: the same row refused again is the same row."""
    parts = rejected[["source", "location", "time", "reason", "row"]].astype(str)
    contents = ("|".join(part) for part in parts.itertuples(index=False))
    return rejected.assign(id=[hashlib.sha256(c.encode()).hexdigest() for c in contents])


def to_location(row: Mapping[Any, Any]) -> Location:
    """The location of a row of the table."""
    return Location.model_validate({"slug" if k == "location" else k: v for k, v in row.items()})
