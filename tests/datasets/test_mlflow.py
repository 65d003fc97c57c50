"""Datasets that reach MLflow: reports, metrics, training rows and the model registry."""

import math
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
from kedro.io import DatasetError

import triptych.datasets
from tests.pipelines.hand_made import history
from tests.registry.conftest import MakeCandidate, make_candidate  # noqa: F401 (a fixture)
from triptych.datasets import (
    AppendCSVDataset,
    MetricBatchDataset,
    ModelFolderDataset,
    ModelRegistryDataset,
    TrainingRowsDataset,
)
from triptych.registry.snapshots import SnapshotStore, TrainingRows
from triptych.store.migrate import close_database


def rows(*failed: int) -> pd.DataFrame:
    return pd.DataFrame({"rule": "range", "failed": list(failed)})


class TestAppendCSV:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        return tmp_path / "08_reporting" / "report.csv"

    def test_a_save_adds_rows_and_the_first_of_a_run_replaces_the_file(self, file: Path) -> None:
        report = AppendCSVDataset(filepath=str(file))
        assert not report.exists()
        report.save(rows(1))
        assert file.read_text() == "rule,failed\nrange,1\n"
        report.save(rows(2, 3))
        assert report.load()["failed"].tolist() == [1, 2, 3]

        AppendCSVDataset(filepath=str(file)).save(rows())
        assert file.read_text() == "rule,failed\n"

    @pytest.mark.usefixtures("tracking")
    def test_mlflow_gets_what_this_run_has_written(self, file: Path) -> None:
        old, report = (AppendCSVDataset(filepath=str(file)) for _ in range(2))
        old.save(rows(9))
        client = mlflow.MlflowClient()

        report.log()  # no run is active, and none is started
        assert mlflow.active_run() is None
        with mlflow.start_run() as silent:
            report.log()  # the file is another run's
        with mlflow.start_run() as run:
            report.save(rows(1))
            report.save(rows(2))
            report.log()

        assert client.list_artifacts(silent.info.run_id) == []
        logged = Path(client.download_artifacts(run.info.run_id, "report.csv"))
        assert pd.read_csv(logged)["failed"].tolist() == [1, 2]


@pytest.mark.usefixtures("tracking")
def test_metrics_are_logged_at_their_steps_in_batches() -> None:
    values = [1.5, math.nan, math.inf, *map(float, range(2_345))]
    steps = range(1, len(values) + 1)
    frame = pd.DataFrame({"lead": "extra", "metric": "rmse", "step": steps, "value": values})
    dataset: Any = MetricBatchDataset()

    dataset.save(frame)  # no run is active, and none is started
    assert mlflow.search_runs(output_format="list", search_all_experiments=True) == []
    with mlflow.start_run() as run:
        dataset.save(frame)

    logged = mlflow.MlflowClient().get_metric_history(run.info.run_id, "rmse")
    finite = [(step, value) for step, value in zip(steps, values, strict=True) if value < math.inf]
    assert sorted((each.step, each.value) for each in logged) == finite
    with pytest.raises(DatasetError, match="make mlflow"):
        dataset.load()


@pytest.mark.usefixtures("tracking")
def test_training_rows_are_stored_and_their_digests_tag_the_run(tmp_path: Path) -> None:
    dataset = TrainingRowsDataset(filepath=str(tmp_path / "snapshots"))
    data = TrainingRows(history("2017-01-01", "2017-03-01"), "a" * 64)

    dataset.save(data)  # without a run
    assert mlflow.active_run() is None
    assert len(list((tmp_path / "snapshots" / "manifests").iterdir())) == 1
    with mlflow.start_run() as run:
        dataset.save(data)

    tags = mlflow.get_run(run.info.run_id).data.tags
    assert tags["triptych.data_sha256"] == "a" * 64
    assert len(SnapshotStore(tmp_path / "snapshots").load(tags["triptych.snapshot"])) == 59 * 8
    with pytest.raises(DatasetError, match="read by its digest"):
        dataset.load()


class TestModels:
    @pytest.mark.usefixtures("tracking")
    def test_saving_registers_and_loading_gives_the_registry(
        self,
        sqlite_url: str,
        make_candidate: MakeCandidate,  # noqa: F811
    ) -> None:
        dataset = ModelRegistryDataset(credentials={"url": sqlite_url})
        assert not Path(sqlite_url.removeprefix("sqlite:///")).exists()
        assert dataset.load().list_models() == []

        dataset.save(make_candidate())

        (row,) = dataset.load().list_models()
        assert (row["name"], row["version"], row["stage"]) == ("temperature", 1, "candidate")
        close_database(sqlite_url)

    def test_the_url_of_the_database_is_not_shown(self) -> None:
        dataset = ModelRegistryDataset(credentials={"url": "postgresql://user:hush@host/triptych"})
        assert "hush" not in repr(dataset) + str(dataset)
        assert "models" in repr(dataset)

    @pytest.mark.parametrize("kind", ["forecaster", "photo", "review"])
    def test_a_missing_folder_says_which_models_are_missing(
        self, kind: Any, tmp_path: Path
    ) -> None:
        """`tests/nlp/test_storage.py` tests saving."""
        dataset = ModelFolderDataset(filepath=str(tmp_path / "models"), kind=kind)
        with pytest.raises(DatasetError, match=f"no fitted {kind} models"):
            dataset.load()
        dataset.save({})  # a blend of one model is none
        assert dataset.load() == {}


def test_every_dataset_is_found_by_its_name_and_others_are_not() -> None:
    for name in triptych.datasets.__all__:
        assert getattr(triptych.datasets, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'CsvDataset'"):
        triptych.datasets.CsvDataset  # noqa: B018
