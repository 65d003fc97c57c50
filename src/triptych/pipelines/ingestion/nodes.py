"""Ask the source for what the database lacks, a year a request, and let good rows in only."""

import hashlib
import logging
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from triptych.parameters import ForecastParameters, IngestionParameters
from triptych.periods import parse_as_of, study_periods
from triptych.pipelines.selection import select_rows
from triptych.weather.locations import Location, SourceKind, locations_frame, select_locations
from triptych.weather.periods import missing_periods, settled_until, split_years
from triptych.weather.schemas import check_hourly
from triptych.weather.source import WeatherSource
from triptych.weather.variables import VARIABLES

logger = logging.getLogger(__name__)


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
) -> pd.DataFrame:
    """List what is missing between the start of the study and `as_of`.

    Returns:
        One row a request: location, start and end (exclusive), days within one calendar year.
    """
    issued = parse_as_of(as_of, today)
    wanted = (study_periods(issued, forecast).train_start, issued)
    known = {
        slug: list(zip(periods["start"], periods["end"], strict=True))
        for slug, periods in known_periods.groupby("location")
    }
    requests = [
        (slug, start, end)
        for slug in select_rows(locations, location, source)["location"]
        for period in missing_periods(wanted, known.get(slug, []))
        for start, end in split_years(period)
    ]
    return pd.DataFrame(requests, columns=["location", "start", "end"])


def fetch_weather(
    weather_requests: pd.DataFrame,
    locations: pd.DataFrame,
    weather_source: WeatherSource,
    today: str,
    ingestion: IngestionParameters,
) -> Iterator[dict[str, pd.DataFrame]]:
    """Fetch request by request; Kedro saves each before the next is made.

    Yields:
        `rejected_rows`, `weather_hourly` and, last, `ingested_periods`: a run that is killed
        between two saves asks again for the year that it has not signed off.
    """
    if weather_requests.empty:  # Kedro wants one chunk at least from a node that yields
        logger.info("The database holds everything up to as_of: nothing to ask for")
        yield _nothing()
    places = {row["location"]: _place(row) for row in locations.to_dict("records")}
    now, lag = pd.Timestamp(today, tz="UTC"), pd.Timedelta(days=ingestion.final_after_days)
    for number, (slug, start, end) in enumerate(weather_requests.itertuples(index=False), 1):
        place = places[slug]
        fetched = weather_source.fetch(place, start, end, list(VARIABLES))
        accepted, rejected = check_hourly(fetched.frame)
        logger.info(
            "%s %s: %s hours (request %s of %s)",
            place.name, start.year, f"{len(fetched.frame):,}", number, len(weather_requests),
        )  # fmt: skip
        asked_until = pd.Timestamp(end, tz="UTC")
        until = settled_until(fetched.known_until, asked_until, now, lag)
        period = (slug, pd.Timestamp(start, tz="UTC"), until, len(fetched.frame))
        yield {
            "rejected_rows": _with_id(rejected.assign(source=place.source)),
            "weather_hourly": accepted.assign(source=place.source),
            "ingested_periods": _periods([period]).assign(source=place.source),
        }
    weather_source.close()


def _nothing() -> dict[str, pd.DataFrame]:
    return {name: pd.DataFrame() for name in ("rejected_rows", "weather_hourly")} | {
        "ingested_periods": _periods([])
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
