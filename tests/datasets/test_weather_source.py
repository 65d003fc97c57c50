"""The sources of weather as a dataset: a node opens the one that its parameter names."""

from datetime import date
from typing import Any

import pytest
from kedro.io import DatasetError

from tests.weather.archive_server import ArchiveServer
from triptych.datasets import WeatherSourceDataset
from triptych.weather.locations import Location
from triptych.weather.sources.sample import SampleClimate

PARIS = Location(
    slug="paris",
    name="Paris",
    latitude=48.75,
    longitude=2.25,
    elevation=90.0,
    timezone="Europe/Paris",
    source="open_meteo",
)
UNUSED = {"archive_url": "http://unused"}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    running = ArchiveServer()
    yield running
    running.close()


def test_the_node_says_which_source_is_opened() -> None:
    open_source = WeatherSourceDataset(credentials=UNUSED).load()

    sample, archive = (open_source(kind, models="era5") for kind in ("sample", "open_meteo"))
    archive.close()

    assert isinstance(sample, SampleClimate)
    assert (sample.kind, archive.kind) == ("sample", "open_meteo")


def test_the_archive_is_asked_at_its_address_for_its_reanalysis(server: ArchiveServer) -> None:
    open_source = WeatherSourceDataset(credentials={"archive_url": server.url}).load()
    client = open_source("open_meteo", models="era5_land")
    assert server.requests == []  # opening it asks for nothing

    fetched = client.fetch(PARIS, date(2019, 7, 14), date(2019, 7, 15), ["temperature_2m"])
    client.close()

    (asked,) = server.requests
    assert (asked["models"], asked["latitude"], asked["timezone"]) == ("era5_land", "48.75", "GMT")
    assert len(fetched.frame) == 24


def test_it_is_read_only() -> None:
    source: Any = WeatherSourceDataset(credentials=UNUSED)

    with pytest.raises(DatasetError, match="read-only"):
        source.save("weather")


def test_an_address_with_a_secret_is_not_shown() -> None:
    source = WeatherSourceDataset(credentials={"archive_url": "https://user:hush@example.org"})

    assert "hush" not in repr(source) + str(source)
