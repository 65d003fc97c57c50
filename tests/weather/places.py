"""Locations of the tests, and how they are requested."""

from collections.abc import Sequence
from datetime import date

from triptych.weather.locations import Location
from triptych.weather.sources.base import Fetched, Query, WeatherSource

PARIS = Location(
    slug="paris", name="Paris", latitude=48.75, longitude=2.25, elevation=90.0,
    timezone="Europe/Paris", source="open_meteo",
)  # fmt: skip
NORTHMERE = Location(
    slug="northmere", name="Northmere (synthetic)", latitude=52.0, longitude=22.0, elevation=210.0,
    timezone="Etc/GMT-1", source="sample",
)  # fmt: skip


def fetch_one(
    source: WeatherSource, location: Location, start: date, end: date, variables: Sequence[str]
) -> Fetched:
    """Request one location."""
    (fetched,) = source.fetch_many(Query([location], start, end), variables)
    return fetched
