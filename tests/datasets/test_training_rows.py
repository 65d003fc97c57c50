"""The rows of a run: stored once, named in MLflow, read elsewhere."""

from pathlib import Path

import mlflow
import pytest
from kedro.io import DatasetError

from tests.pipelines.hand_made import history
from triptych.datasets import TrainingRowsDataset
from triptych.registry.snapshots import SnapshotStore, TrainingRows


def rows() -> TrainingRows:
    return TrainingRows(history("2017-01-01", "2017-03-01"), "a" * 64)


@pytest.mark.usefixtures("tracking")
def test_the_run_is_told_the_digests(tmp_path: Path) -> None:
    with mlflow.start_run() as run:
        TrainingRowsDataset(filepath=str(tmp_path / "snapshots")).save(rows())

    tags = mlflow.get_run(run.info.run_id).data.tags
    assert tags["triptych.data_sha256"] == "a" * 64
    store = SnapshotStore(tmp_path / "snapshots")
    assert len(store.load(tags["triptych.snapshot"])) == 59 * 8


@pytest.mark.usefixtures("tracking")
def test_without_a_run_the_rows_are_stored_all_the_same(tmp_path: Path) -> None:
    dataset = TrainingRowsDataset(filepath=str(tmp_path / "snapshots"))

    dataset.save(rows())

    assert len(list((tmp_path / "snapshots" / "manifests").iterdir())) == 1
    assert mlflow.active_run() is None
    with pytest.raises(DatasetError, match="read by its digest"):
        dataset.load()
