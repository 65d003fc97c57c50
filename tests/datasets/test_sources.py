"""Sources as datasets: a node opens the one that its parameter names."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from kedro.io import DatasetError

from tests.weather.archive_server import ArchiveServer
from tests.weather.places import fetch_one
from triptych.datasets import FunctionDataset
from triptych.weather.errors import LocationError
from triptych.weather.sources.sample import SampleClimate

ENTRY = """locations:
  - slug: paris
    name: Paris
    latitude: {latitude}
    longitude: 2.25
    elevation: 90.0
    timezone: Europe/Paris
    source: open_meteo
"""


def locations(folder: Path, latitude: float = 48.75) -> FunctionDataset:
    file = folder / "locations.yml"
    file.write_text(ENTRY.format(latitude=latitude))
    function = "triptych.weather.locations.load_all"
    return FunctionDataset(function=function, load_args={"path": str(file)})


def weather(url: str) -> FunctionDataset:
    function = "triptych.weather.sources.make_source"
    return FunctionDataset(function=function, credentials={"base_url": url}, partial=True)


def test_locations_are_read_when_they_are_loaded(tmp_path: Path) -> None:
    dataset: Any = locations(tmp_path)

    (paris,) = dataset.load()
    assert (paris.slug, paris.latitude, paris.source) == ("paris", 48.75, "open_meteo")
    with pytest.raises(DatasetError, match=r"load_all is read-only"):
        dataset.save([])

    locations(tmp_path, latitude=148.75)
    with pytest.raises(DatasetError, match=r"entry 1 \(slug 'paris'\): latitude") as caught:
        dataset.load()
    assert isinstance(caught.value.__cause__, LocationError)
    (tmp_path / "locations.yml").unlink()
    with pytest.raises(DatasetError, match=r"locations\.yml cannot be read"):
        dataset.load()


def test_the_node_names_the_weather_source(server: ArchiveServer, tmp_path: Path) -> None:
    open_source = weather(server.url).load()
    sample, archive = (open_source(kind, models="era5_land") for kind in ("sample", "open_meteo"))
    assert isinstance(sample, SampleClimate)
    assert server.requests == []  # opening it sends no request

    (paris,) = locations(tmp_path).load()
    fetched = fetch_one(archive, paris, date(2019, 7, 14), date(2019, 7, 15), ["temperature_2m"])
    archive.close()

    (request,) = server.requests
    found = tuple(request[name] for name in ("models", "latitude", "timezone"))
    assert found == ("era5_land", "48.75", "GMT")
    assert len(fetched.frame) == 24


def test_credentials_are_not_shown() -> None:
    source = weather("https://user:hush@example.org")
    assert "hush" not in repr(source) + str(source)
    assert "make_source" in repr(source)
