"""The register of models as a dataset, and what the datasets have in common."""

from pathlib import Path

import pytest

import triptych.datasets
from tests.registry.conftest import MakeCandidate, make_candidate  # noqa: F401 (a fixture)
from triptych.datasets import ModelRegistryDataset
from triptych.store.database import close_database


@pytest.mark.usefixtures("tracking")
def test_saving_registers_and_loading_gives_the_register(
    sqlite_url: str,
    make_candidate: MakeCandidate,  # noqa: F811
) -> None:
    dataset = ModelRegistryDataset(credentials={"url": sqlite_url})
    assert dataset.load().list_models() == []

    dataset.save(make_candidate())

    (row,) = dataset.load().list_models()
    assert (row["name"], row["version"], row["stage"]) == ("temperature", 1, "candidate")
    close_database(sqlite_url)


def test_nothing_is_opened_before_it_is_used(sqlite_url: str) -> None:
    ModelRegistryDataset(credentials={"url": sqlite_url})

    assert not Path(sqlite_url.removeprefix("sqlite:///")).exists()


def test_the_address_of_the_database_is_not_shown() -> None:
    dataset = ModelRegistryDataset(credentials={"url": "postgresql://user:hush@host/triptych"})

    assert "hush" not in repr(dataset) + str(dataset)
    assert "models" in repr(dataset)


def test_every_dataset_is_found_by_its_name_and_others_are_not() -> None:
    for name in triptych.datasets.__all__:
        assert getattr(triptych.datasets, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'CsvDataset'"):
        triptych.datasets.CsvDataset  # noqa: B018
