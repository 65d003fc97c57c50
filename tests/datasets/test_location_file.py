"""The file of locations as a dataset."""

from pathlib import Path
from typing import Any

import pytest
from kedro.io import DatasetError

from triptych.datasets import LocationFileDataset
from triptych.weather.errors import LocationFileError

ENTRY = """locations:
  - slug: paris
    name: Paris
    latitude: {latitude}
    longitude: 2.25
    elevation: 90.0
    timezone: Europe/Paris
    source: open_meteo
"""


def dataset(folder: Path, latitude: float = 48.75) -> LocationFileDataset:
    (folder / "locations.yml").write_text(ENTRY.format(latitude=latitude))
    return LocationFileDataset(filepath=str(folder / "locations.yml"))


def test_every_entry_is_read(tmp_path: Path) -> None:
    (paris,) = dataset(tmp_path).load()

    assert (paris.slug, paris.latitude, paris.source) == ("paris", 48.75, "open_meteo")


def test_a_rule_that_is_broken_is_in_the_cause_of_the_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError) as caught:
        dataset(tmp_path, latitude=148.75).load()

    assert isinstance(caught.value.__cause__, LocationFileError)
    assert "entry 1 (slug 'paris'): latitude" in str(caught.value)


def test_nothing_is_read_before_it_is_loaded(tmp_path: Path) -> None:
    absent = LocationFileDataset(filepath=str(tmp_path / "absent.yml"))

    assert not absent.exists()
    assert dataset(tmp_path).exists()
    with pytest.raises(DatasetError, match=r"absent\.yml cannot be read"):
        absent.load()


def test_a_run_does_not_write_the_file(tmp_path: Path) -> None:
    locations: Any = dataset(tmp_path)
    before = (tmp_path / "locations.yml").read_bytes()

    with pytest.raises(DatasetError, match="kedro location add"):
        locations.save([])

    assert (tmp_path / "locations.yml").read_bytes() == before
