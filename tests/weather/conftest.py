"""Fixtures of the weather tests: a client of the local server, locations, recorded waits."""

from collections.abc import Callable, Iterator
from datetime import date

import pytest

from tests.weather.archive_server import ArchiveServer
from tests.weather.places import PARIS, fetch_one
from triptych.weather.sources.base import Fetched
from triptych.weather.sources.open_meteo import OpenMeteo


@pytest.fixture
def waits() -> list[float]:
    """What the client slept, in seconds: pass `waits.append` as its sleep."""
    return []


@pytest.fixture
def archive(server: ArchiveServer, waits: list[float]) -> Iterator[OpenMeteo]:
    client = OpenMeteo(server.url, timeout=5.0, sleep=waits.append)
    yield client
    client.close()


@pytest.fixture
def fetch(archive: OpenMeteo) -> Callable[[], Fetched]:
    """Ask for Paris, 14 July 2019: temperature and wind speed."""
    day = date(2019, 7, 14), date(2019, 7, 15)
    return lambda: fetch_one(archive, PARIS, *day, ["temperature_2m", "wind_speed_10m"])
