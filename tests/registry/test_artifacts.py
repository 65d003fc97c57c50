"""Where a location without a path leads, whatever the folders are called."""

from importlib.metadata import entry_points
from pathlib import Path

import mlflow
import pytest

from tests.fixtures.project import Project
from triptych.errors import PipelineError
from triptych.registry.artifacts import artifact_repository, prepare_artifacts
from triptych.store.engine import create_engine, sqlite_url

NAMES = ["plain", "quoi?", "a%20b", "a b", "été #1"]


@pytest.mark.parametrize("name", NAMES)
def test_a_path_in_a_url_names_the_same_file(tmp_path: Path, name: str) -> None:
    file = tmp_path / name / "triptych.db"
    engine = create_engine(sqlite_url(file))
    assert list(tmp_path.iterdir()) == []  # the folder is created at the first use

    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE here (id INTEGER)")
    engine.dispose()

    assert file.exists()
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", NAMES)
def test_artifacts_are_beside_the_database(tmp_path: Path, name: str) -> None:
    uri = sqlite_url(tmp_path / name / "mlflow.db")

    found = artifact_repository("triptych-artifacts:/run/artifacts", tracking_uri=uri)

    assert found.artifact_dir == str(tmp_path / name / "mlartifacts" / "run" / "artifacts")


def test_a_location_cannot_lead_elsewhere(tmp_path: Path) -> None:
    uri = sqlite_url(tmp_path / "mlflow.db")

    with pytest.raises(mlflow.MlflowException, match="leads out of"):
        artifact_repository("triptych-artifacts:/../secret", tracking_uri=uri)


def test_mlflow_finds_the_scheme_by_itself() -> None:
    (found,) = entry_points(group="mlflow.artifact_repository", name="triptych-artifacts")

    assert found.load() is artifact_repository, "make install"


def test_a_store_of_others_is_left_alone(
    project: Project, tracking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlflow.create_experiment("theirs", "/big/data/mlartifacts")
    monkeypatch.chdir(project.path)

    prepare_artifacts(tracking)

    experiment = mlflow.get_experiment_by_name("theirs")
    assert experiment is not None
    assert experiment.artifact_location == "/big/data/mlartifacts"


def test_a_database_that_is_none_is_told(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    (project.path / "data" / "mlflow.db").write_bytes(b"no database" * 100)
    monkeypatch.chdir(project.path)

    with pytest.raises(PipelineError, match=r"mlflow\.db cannot be read: .*restore it"):
        prepare_artifacts(project.tracking_uri)
