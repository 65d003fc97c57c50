"""Fixtures of the weather tests: a server like Open-Meteo, places, waits that are only noted."""

from collections.abc import Callable, Iterator
from datetime import date

import pytest

from tests.weather.archive_server import ArchiveServer
from triptych.weather.locations import Location
from triptych.weather.sources.base import Fetched
from triptych.weather.sources.open_meteo import OpenMeteo


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ArchiveServer]:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    running = ArchiveServer()
    yield running
    running.close()


@pytest.fixture
def waits() -> list[float]:
    """What the client slept, in seconds: pass `waits.append` as its sleep."""
    return []


@pytest.fixture
def paris() -> Location:
    return Location(
        slug="paris",
        name="Paris",
        latitude=48.75,
        longitude=2.25,
        elevation=90.0,
        timezone="Europe/Paris",
        source="open_meteo",
    )


@pytest.fixture
def northmere() -> Location:
    return Location(
        slug="northmere",
        name="Northmere (synthetic)",
        latitude=52.0,
        longitude=22.0,
        elevation=210.0,
        timezone="Etc/GMT-1",
        source="sample",
    )


@pytest.fixture
def archive(server: ArchiveServer, waits: list[float]) -> Iterator[OpenMeteo]:
    client = OpenMeteo(server.url, timeout=5.0, sleep=waits.append)
    yield client
    client.close()


@pytest.fixture
def fetch(archive: OpenMeteo, paris: Location) -> Callable[[], Fetched]:
    """Ask for Paris, 14 July 2019: temperature and wind speed."""
    day = date(2019, 7, 14), date(2019, 7, 15)
    return lambda: archive.fetch(paris, *day, ["temperature_2m", "wind_speed_10m"])
