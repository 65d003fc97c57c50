"""A copied, moved or restored project works, and does not change the original."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.fixtures.project import Project, copy_of, make_project
from tests.test_backup import run_documented

LOCATIONS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "storage_location"),
)


def predict(project: Project, **variables: str) -> None:
    """Load the production version and track a run."""
    project.output("run", "--env", "test", "--pipeline", "batch_inference", **variables)


def locations(project: Project) -> set[str]:
    """Return all artifact locations in MLflow's database."""
    with closing(sqlite3.connect(project.path / "data" / "mlflow.db")) as connection:
        return {
            location
            for table, column in LOCATIONS
            for (location,) in connection.execute(f"SELECT {column} FROM {table}")  # noqa: S608
        }


def make_absolute(project: Project, root: Path) -> None:
    """Store absolute locations, as version 0.1 did in the folder `root`."""
    with closing(sqlite3.connect(project.path / "data" / "mlflow.db")) as connection:
        for table, column in LOCATIONS:
            connection.execute(
                f"UPDATE {table} SET {column} = ? || rtrim(substr({column}, 20), '/')",  # noqa: S608
                [f"{root}/data/mlartifacts"],
            )
        connection.commit()


def artifacts(project: Project) -> list[str]:
    return sorted(path.name for path in (project.path / "data" / "mlartifacts").iterdir())


def test_locations_contain_no_path(run_project: Project) -> None:
    assert all(location.startswith("triptych-artifacts:/") for location in locations(run_project))


def test_a_copy_is_independent_and_may_be_moved(run_project: Project, tmp_path: Path) -> None:
    copied, before = copy_of(run_project, tmp_path / "copied"), artifacts(run_project)
    make_absolute(copied, run_project.path)  # as stored by version 0.1

    predict(copied)

    assert artifacts(run_project) == before
    assert len(artifacts(copied)) == len(before) + 1
    moved = Project(tmp_path / "quoi? a%20b")  # characters with a meaning in URLs
    shutil.move(copied.path, moved.path)
    predict(moved)
    assert len(artifacts(moved)) == len(before) + 2
    assert all(location.startswith("triptych-artifacts:/") for location in locations(moved))
    assert [path.name for path in tmp_path.iterdir()] == [moved.path.name]
    assert "files of all versions are intact" in moved.output("model", "check")


def test_a_backup_is_restored_to_another_path(run_project: Project, tmp_path: Path) -> None:
    lost = copy_of(run_project, tmp_path / "lost")
    run_documented("SQLite: back up", lost.path)
    restored = make_project(tmp_path / "restored")
    shutil.move(lost.path / "backup", restored.path)
    shutil.rmtree(lost.path)
    run_documented("SQLite: restore", restored.path)

    assert "files of all versions are intact" in restored.output("model", "check")
    predict(restored)


def test_model_check_reads_the_files_of_every_version(run_project: Project, tmp_path: Path) -> None:
    project = copy_of(run_project, tmp_path / "project")
    (model,) = (project.path / "data" / "mlartifacts" / "models").iterdir()
    files = sorted((model / "artifacts" / "artifacts").rglob("*.*"))
    for damaged in (model / "artifacts" / "MLmodel", files[0]):
        content = damaged.read_bytes()
        for change in (damaged.unlink, lambda file=damaged: file.write_bytes(b"{")):
            change()  # type: ignore[operator]
            result = project.output("model", "check", code=1)
            damaged.write_bytes(content)
            assert "temperature-northmere-westhaven version 1: The files of" in result
            assert "Restore data/mlflow.db and data/mlartifacts" in result
    assert "files of all versions are intact" in project.output("model", "check")


def test_artifacts_of_another_sqlite_store_are_in_its_folder(
    project: Project, tmp_path: Path
) -> None:
    (tmp_path / "store").mkdir()
    uri = f"sqlite:///{tmp_path}/store/runs.db"

    project.output("run", "--env", "test", "--pipeline", "ingestion", MLFLOW_TRACKING_URI=uri)

    assert not list(tmp_path.rglob("mlruns"))
    assert list((tmp_path / "store" / "mlartifacts").rglob("provenance.json"))
    assert not (project.path / "data" / "mlartifacts").exists()
