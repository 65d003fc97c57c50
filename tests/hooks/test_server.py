"""Tracking on a real server with PostgreSQL: nothing stays on this machine, commands use HTTP."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mlflow
import psycopg
import pytest
from kedro.framework.project import configure_project

from tests.fixtures.project import Project
from tests.fixtures.serving import free_port, wait_until_it_answers
from tests.registry.conftest import (
    MakeCandidate,
    make_candidate,  # noqa: F401 (a fixture)
)
from triptych.commands.model import model
from triptych.registry.models import ModelRegistry
from triptych.store.migrate import close_database, open_database

NAME = "temperature"
ADA = ("--by", "Ada", "--reason", "the server needs one")


@dataclass(frozen=True)
class Server:
    """Where a tracking server answers, and where it keeps what it is given."""

    url: str
    database_url: str
    artifacts: Path


@pytest.fixture
def server(postgresql_url: str, tmp_path: Path, tracking: str) -> Iterator[Server]:
    """Start it as docs/tracking.md says, and end it with its workers."""
    port, artifacts, log = free_port(), tmp_path / "artifacts-of-the-server", tmp_path / "log"
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", "1", "--artifacts-destination", str(artifacts)),
        *("--backend-store-uri", postgresql_url.replace("postgresql://", "postgresql+psycopg://")),
    ]
    quiet = {
        **os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONWARNINGS": "ignore",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }  # fmt: skip
    with log.open("w") as out:
        process = subprocess.Popen(
            command, cwd=tmp_path, env=quiet, stdout=out, stderr=out, start_new_session=True
        )
    try:
        wait_until_it_answers(f"http://127.0.0.1:{port}/health", process, log)
        yield Server(f"http://127.0.0.1:{port}", postgresql_url, artifacts)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)


@pytest.fixture
def remote(project: Project, server: Server, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose MLflow is the server, in this process too."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
    monkeypatch.setenv("TRIPTYCH_DATABASE_URL", project.database_url)
    monkeypatch.chdir(project.path)
    (project.path / "data" / "mlflow.db").unlink()  # no run may create it again
    mlflow.set_tracking_uri(server.url)
    configure_project("triptych", preserve_logging=True)
    return project


def command(project: Project, *arguments: str, code: int = 0) -> str:
    return project.invoke(model, *arguments, "--env", "test", code=code)


def rows(server: Server, table: str) -> int:
    with psycopg.connect(server.database_url) as connection:
        found = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
    assert found is not None
    return int(found[0])


def test_runs_versions_and_files_live_on_the_server(
    remote: Project,
    server: Server,
    make_candidate: MakeCandidate,  # noqa: F811
) -> None:
    remote.output("run", "--env", "test", "--pipeline", "ingestion", MLFLOW_TRACKING_URI=server.url)
    client = mlflow.MlflowClient(server.url)
    experiment = client.get_experiment_by_name("temperature")
    assert experiment is not None
    assert experiment.artifact_location.startswith("mlflow-artifacts:/")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.run_name == "northmere, westhaven · 2024-03-01 · ingestion"
    assert run.data.params["source"] == "sample"
    reports = sorted(server.artifacts.rglob("validation_report.csv"))
    assert len(reports) == 1
    local = remote.path / "data" / "08_reporting" / "validation_report.csv"
    assert reports[0].read_bytes() == local.read_bytes()

    mlflow.set_experiment("temperature")
    registry = ModelRegistry(open_database(remote.database_url), remote.path)
    with mlflow.start_run() as first:
        registry.register(make_candidate())
    with mlflow.start_run() as second:
        registry.register(make_candidate("2019-01-01"))
    assert rows(server, "runs") == 3
    assert rows(server, "model_versions") == 2

    assert "candidate" in command(remote, "list")
    assert "version 1 is in production" in command(remote, "promote", NAME, "1", *ADA)
    tags = client.get_run(first.info.run_id).data.tags
    assert tags["triptych.registered"] == "temperature version 1"
    assert tags["triptych.stage"] == "production"
    forced = command(remote, "promote", NAME, "2", *ADA, "--force")
    assert "version 2 is in production" in forced
    assert str(client.get_model_version_by_alias(NAME, "production").version) == "2"
    assert client.get_run(first.info.run_id).data.tags["triptych.stage"] == "archived"
    assert client.get_run(second.info.run_id).data.tags["triptych.stage"] == "production"
    assert "matches the database" in command(remote, "check")

    client.delete_registered_model_alias(NAME, "production")
    assert "alias production is not set" in command(remote, "check", code=1)
    assert "Differences fixed: 1." in command(remote, "sync")

    newest = registry.list_models()[0]
    assert registry.load(newest).name == "same_hour_yesterday"  # its digest is checked
    assert not (remote.path / "data" / "mlflow.db").exists()
    assert not (remote.path / "data" / "mlartifacts").exists()
    assert not list(Path(remote.path).rglob("mlruns"))
    close_database(remote.database_url)
