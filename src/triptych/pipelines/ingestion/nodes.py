"""Request what the database lacks of the reanalysis, and store the values that pass validation."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from triptych.classification.sources import explain_excess
from triptych.execution.progress import track
from triptych.parameters.forecasting import ForecastParameters, IngestionParameters
from triptych.pipelines.ingestion.fetching import (
    Models,
    fetch_parts,
    make_pacer,
    to_places,
    with_id,
)
from triptych.pipelines.ingestion.records import Records, is_open, summarize_missing
from triptych.pipelines.ingestion.requests import Pacer, Request
from triptych.pipelines.ts_common.location_selection import select_rows
from triptych.pipelines.ts_common.periods import DAY, parse_as_of, study_periods
from triptych.weather.errors import (
    CallLimitReached,
    InvalidResponse,
    LocationError,
    SourceUnavailable,
    WeatherError,
)
from triptych.weather.locations import Location, SourceKind, locations_frame, select_locations
from triptych.weather.sources.base import PAST_DAYS, Fetched, OpenSource, Query, WeatherSource
from triptych.weather.validation.expectations import WHOLE_ROW
from triptych.weather.validation.report import (
    HOUR,
    REPORT_COLUMNS,
    RequestedPeriod,
    validate_hourly,
)
from triptych.weather.variables import VARIABLES

logger = logging.getLogger(__name__)

_SAME_PLACE = 0.01  # degrees: a kilometre
WEATHER_OUTPUTS: dict[str, Any] = {  # in the order in which they are saved
    "rejected_rows": pd.DataFrame(), "weather_hourly": pd.DataFrame(),
    "validation_report": pd.DataFrame(columns=list(REPORT_COLUMNS)), "archive_warnings": [],
    "incomplete_days": pd.DataFrame(), "ingested_periods": pd.DataFrame(),
}  # fmt: skip


def list_locations(
    location_file: list[Location],
    known_locations: pd.DataFrame,
    location: str | None,
    source: SourceKind,
) -> pd.DataFrame:
    """Tabulate the locations of the run (`select_locations`).

    LocationError if the database has one of their slugs at another place: weather of both would
    be one series.
    """
    chosen = locations_frame(select_locations(location_file, location, source))
    both = chosen.merge(known_locations, on="location", suffixes=("", "_known"))
    names = ["latitude", "longitude"]
    where, known = both[names].to_numpy(), both[[f"{name}_known" for name in names]].to_numpy()
    for row in np.flatnonzero(np.abs(where - known).max(axis=1) > _SAME_PLACE):
        raise LocationError(
            f"Location {both['location'].iloc[row]!r} is at {where[row].tolist()}, but the "
            f"database has weather of {known[row].tolist()} under this slug. Nothing was "
            "requested. Give the new place a slug of its own: "
            'kedro location add "Name" --slug SLUG'
        )
    return chosen


def fetch_weather(
    weather_requests: list[Request],
    locations: pd.DataFrame,
    known_periods: pd.DataFrame,
    known_gaps: pd.DataFrame,
    weather_source: OpenSource,
    source: SourceKind,
    as_of: str,
    today: str,
    ingestion: IngestionParameters,
) -> Iterator[dict[str, Any]]:
    """Fetch request by request; Kedro saves each before the next is made, `ingested_periods` last:
    a run that is killed between two saves requests again the year that it has not recorded.

    Raises:
        SourceRefused, InvalidResponse: no request had a usable response, or one had none and
            `ingestion.on_refused` is `fail`. The other requests have been made.
        SourceUnavailable, CallLimitReached: no further request would succeed, and more is
            missing than the latest days, which forecasts can do without.
    """
    slugs = {slug for request in weather_requests for slug in request.slugs}
    places = to_places(locations[locations["location"].isin(slugs)], source)
    issued, now = parse_as_of(as_of, today), pd.Timestamp(today, tz="UTC")
    due = now - ingestion.final_after_days * DAY  # older hours are missing, younger ones are late
    records = Records(known_periods, known_gaps, issued, now)
    pacer = make_pacer(weather_requests, source, ingestion)
    total = sum(len(request.slugs) for request in weather_requests)
    refused: list[WeatherError] = []
    answered: set[tuple[str, date]] = set()
    if not weather_requests:
        logger.info("The database holds everything up to as_of: nothing is requested")
        yield WEATHER_OUTPUTS  # Kedro requires at least one chunk
    with closing(weather_source(source, models=ingestion.models)) as opened:
        try:
            responses = _responses(weather_requests, places, opened, pacer)
            for place, request, fetched in track(responses, "Requesting weather", total):
                answered.add((place.slug, request.start))
                if isinstance(fetched, WeatherError):
                    refused.append(fetched)
                    continue
                logger.info(
                    "%s %s: %s hours (%s of %s)", place.name, request.start.year,
                    f"{len(fetched.frame):,}", len(answered), total,
                )  # fmt: skip
                after = fetched.frame["time"].tail(1) + HOUR
                expected = max([min(pd.Timestamp(request.end, tz="UTC"), due), *after])
                period = RequestedPeriod(place, request.start, request.end, expected)
                allowed = ingestion.max_rejected_share
                accepted, rejected, report = validate_hourly(fetched.frame, period, allowed)
                _warn(report, place.name)
                rejected = with_id(rejected.assign(source=source))
                chunk = {"rejected_rows": rejected, "validation_report": report}
                if (report["verdict"] == "stop").any():
                    refused.append(_too_many(report, place.name, allowed))
                else:
                    chunk["weather_hourly"] = accepted.assign(source=source)
                    chunk |= records.record(period, fetched, accepted)
                yield WEATHER_OUTPUTS | chunk
        except (SourceUnavailable, CallLimitReached) as error:
            if not _has_all_but_latest(weather_requests, known_periods, answered, issued):
                raise
            logger.warning("%s", error)
            warning = f"{error} The run continues with the data in the database."
            yield WEATHER_OUTPUTS | {"archive_warnings": [warning]}
    if refused and (ingestion.on_refused == "fail" or len(refused) == len(answered)):
        others = f" {len(refused) - 1} other requests failed as well." if len(refused) > 1 else ""
        raise type(refused[0])(f"{refused[0]}{others}") from refused[0]
    for refusal in refused:
        logger.warning("%s", refusal)


def report_missing(
    incomplete_days: pd.DataFrame,
    locations: pd.DataFrame,
    location_file: list[Location],
    location: str | None,
    source: str,
    as_of: str,
    today: str,
    forecast: ForecastParameters,
    ingestion: IngestionParameters,
) -> pd.DataFrame:
    """List what the source lacks of the study's period (`summarize_missing`)."""
    issued = parse_as_of(as_of, today)
    wanted = select_rows(locations, location_file, location, source)["location"]
    start = study_periods(issued, forecast).train_start
    chosen = incomplete_days[
        incomplete_days["location"].isin(wanted)
        & incomplete_days["day"].between(start, issued, "left")
    ]
    now = pd.Timestamp(today, tz="UTC")
    return summarize_missing(chosen.assign(repeated=is_open(chosen, now, source, ingestion)))


def _responses(
    requests: list[Request], places: dict[str, Location], source: WeatherSource, pacer: Pacer
) -> Iterator[tuple[Location, Request, Fetched | WeatherError]]:
    """Make the requests; yield a response or the refusal for each location."""
    for number, request in enumerate(requests):
        if request.repeated and not pacer.affords(request.weight):
            logger.warning(
                "The calls of the day are used up: %s requests for days that were incomplete are "
                "left to a later run", len(requests) - number,
            )  # fmt: skip
            return
        pacer.wait(request.weight)

        def ask(own: Sequence[Location], _: Models, days: Request = request) -> Iterator[Fetched]:
            return source.fetch_many(Query(own, days.start, days.end), list(VARIABLES))

        own = [places[slug] for slug in request.slugs]
        for part, _, result in fetch_parts(ask, own, request.models):
            for index, place in enumerate(part):
                yield place, request, result[index] if isinstance(result, list) else result


def _has_all_but_latest(
    requests: list[Request],
    known_periods: pd.DataFrame,
    answered: set[tuple[str, date]],
    issued: pd.Timestamp,
) -> bool:
    """Tell whether every request without a response is for recent days of a known location."""
    known = known_periods.groupby("location").agg({"start": "min", "end": "max"})
    current = known[known["end"] >= issued - PAST_DAYS * DAY]["start"].to_dict()
    return all(
        slug in current and pd.Timestamp(request.start, tz="UTC") >= current[slug]
        for request in requests
        for slug in request.slugs
        if not request.repeated and (slug, request.start) not in answered
    )


def _warn(report: pd.DataFrame, name: str) -> None:
    dropped = (
        ". That is more than ingestion.max_rejected_share: no value of this variable was stored "
        "from this response"
    )
    for row in report[report["verdict"].isin(["warn", "drop"])].itertuples():
        logger.warning(
            "%s %s to %s: %s breaks %s, %s of %s, first %s%s",
            name, row.start, row.end, row.column, row.rule, row.failed, row.checked, row.example,
            dropped if row.verdict == "drop" else "",
        )  # fmt: skip


def _too_many(report: pd.DataFrame, name: str, allowed: float) -> InvalidResponse:
    stop = report[report["verdict"] == "stop"].iloc[0]
    what = "rows" if stop["column"] == WHOLE_ROW else f"values of {stop['column']}"
    most = report[report["level"] == "reject"].sort_values("failed", kind="stable").iloc[-1]
    return InvalidResponse(
        f"{name}, {stop['start']} to {stop['end']}, {what} that break a rule: "
        f"{explain_excess(stop['failed'], stop['checked'], allowed)} "
        f"(ingestion.max_rejected_share). Most often {most['column']}, {most['rule']}: "
        f"{most['failed']:,}, first {most['example']}. No hour of this response was stored, what "
        "the database held stays; the table rejected_rows and data/08_reporting/"
        "validation_report.csv "
        "say more. Run again when the source is corrected, or raise the share if it is right."
    )
