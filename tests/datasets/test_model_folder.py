"""Fitted models of any kind in a folder; `tests/nlp/test_storage.py` tests the replacement."""

from pathlib import Path

import pytest
from kedro.io import DatasetError

from triptych import datasets
from triptych.datasets import ModelFolderDataset


@pytest.mark.parametrize("kind", ["forecaster", "photo", "review"])
def test_a_missing_folder_says_which_models_are_missing(kind: str, tmp_path: Path) -> None:
    dataset = ModelFolderDataset(filepath=str(tmp_path / "models"), kind=kind)  # type: ignore[arg-type]
    with pytest.raises(DatasetError, match=f"no fitted {kind} models"):
        dataset.load()


def test_every_public_dataset_can_be_imported() -> None:
    for name in datasets.__all__:
        assert getattr(datasets, name).__name__ == name
