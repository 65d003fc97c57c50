"""The source of weather as a dataset: a client that asks for nothing by itself."""

from datetime import date
from typing import Any

import pytest
from kedro.io import DatasetError

from tests.weather.archive_server import ArchiveServer
from triptych.datasets import WeatherSourceDataset
from triptych.weather.locations import Location
from triptych.weather.sample import SampleClimate

PARIS = Location(
    slug="paris",
    name="Paris",
    latitude=48.75,
    longitude=2.25,
    elevation=90.0,
    timezone="Europe/Paris",
    source="open_meteo",
)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    running = ArchiveServer()
    yield running
    running.close()


def test_the_sample_is_opened_by_its_name() -> None:
    source = WeatherSourceDataset(kind="sample", credentials={"archive_url": "http://unused"})

    assert isinstance(source.load(), SampleClimate)


def test_the_archive_is_asked_at_its_address_for_its_reanalysis(server: ArchiveServer) -> None:
    client = WeatherSourceDataset(
        kind="open_meteo", models="era5_land", credentials={"archive_url": server.url}
    ).load()
    assert server.requests == []  # opening it asks for nothing

    fetched = client.fetch(PARIS, date(2019, 7, 14), date(2019, 7, 15), ["temperature_2m"])
    client.close()

    (asked,) = server.requests
    assert (asked["models"], asked["latitude"], asked["timezone"]) == ("era5_land", "48.75", "GMT")
    assert len(fetched.frame) == 24


def test_the_default_reanalysis_is_era5_by_name(server: ArchiveServer) -> None:
    client = WeatherSourceDataset(kind="open_meteo", credentials={"archive_url": server.url}).load()

    client.fetch(PARIS, date(2019, 7, 14), date(2019, 7, 15), ["temperature_2m"])
    client.close()

    assert server.requests[0]["models"] == "era5"


def test_it_is_read_only() -> None:
    source: Any = WeatherSourceDataset(kind="sample", credentials={"archive_url": "http://unused"})

    with pytest.raises(DatasetError, match="read-only"):
        source.save("weather")


def test_an_address_with_a_secret_is_not_shown() -> None:
    source = WeatherSourceDataset(
        kind="open_meteo", credentials={"archive_url": "https://user:hush@example.org"}
    )

    assert "hush" not in repr(source) + str(source)
    assert "open_meteo" in repr(source)
