"""A report that grows part by part, anew in each run, and reaches MLflow once."""

from pathlib import Path

import mlflow
import pandas as pd
import pytest

from triptych.datasets import AppendCSVDataset


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "08_reporting" / "report.csv"


def rows(*failed: int) -> pd.DataFrame:
    return pd.DataFrame({"rule": "range", "failed": list(failed)})


def test_each_save_adds_its_rows(file: Path) -> None:
    report = AppendCSVDataset(filepath=str(file))
    assert not report.exists()

    report.save(rows(1))
    assert file.read_text() == "rule,failed\nrange,1\n"
    report.save(rows(2, 3))

    assert report.load()["failed"].tolist() == [1, 2, 3]


def test_another_run_begins_anew_also_with_nothing_to_say(file: Path) -> None:
    AppendCSVDataset(filepath=str(file)).save(rows(1, 2))

    AppendCSVDataset(filepath=str(file)).save(rows())

    assert file.read_text() == "rule,failed\n"


@pytest.mark.usefixtures("tracking")
def test_mlflow_gets_what_this_run_has_written(file: Path) -> None:
    old, report = (AppendCSVDataset(filepath=str(file)) for _ in range(2))
    old.save(rows(9))
    client = mlflow.MlflowClient()

    report.log()  # no run is active, and none is made
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
