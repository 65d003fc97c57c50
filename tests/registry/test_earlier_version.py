"""The database and MLflow store that version 0.1 wrote (schema 0005) are read by this version.

tests/fixtures/stored/project_0_1.tar.gz is the data of `kedro run --env test` on the embedded
sample, with one learned and one statistical model and the last winter of its weather.
"""

import tarfile
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.fixtures.project import Project, make_project

STORED = Path(__file__).parents[1] / "fixtures" / "stored" / "project_0_1.tar.gz"
FORECAST = "SELECT time, temperature_2m FROM predictions ORDER BY time"


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = make_project(tmp_path_factory.mktemp("stored"))
    with tarfile.open(STORED) as archive:
        archive.extractall(project.path, filter="data")
    assert "production" in project.output("model", "list")  # rewrites locations of artifacts
    return project


def forecast(project: Project) -> list[tuple[str, float]]:
    with project.engine().connect() as connection:
        return [(str(time), float(value)) for time, value in connection.execute(text(FORECAST))]


def test_its_models_are_intact(stored: Project) -> None:
    assert "files of all versions are intact" in stored.output("model", "check")


def test_its_production_model_forecasts_the_same(stored: Project) -> None:
    before = forecast(stored)
    assert len(before) == 16

    stored.output("run", "--env", "test", "--pipeline", "batch_inference",
        "--params", "location=northmere",
    )  # fmt: skip

    after = forecast(stored)
    assert [time for time, _ in after] == [time for time, _ in before]
    assert [value for _, value in after] == pytest.approx([v for _, v in before], abs=1e-6)


def test_its_models_load_as_mlflow_models(stored: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    import mlflow

    monkeypatch.chdir(stored.path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{stored.path}/data/mlflow.db")
    (model,) = (stored.path / "data" / "mlartifacts" / "models").iterdir()

    loaded = mlflow.pyfunc.load_model(str(model / "artifacts"))

    answer = loaded.predict(loaded.input_example)
    assert list(answer.columns) == ["location", "time", "mean", "lower", "upper"]
    assert answer["mean"].between(-30, 40).all()
