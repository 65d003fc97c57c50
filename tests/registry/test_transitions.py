"""Changes by persons: what is refused, what MLflow is told, two at once, one that is killed."""

import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import mlflow
import pytest
from sqlalchemy import Engine, select

from tests.fixtures.databases import dump_tables
from triptych.errors import PipelineError
from triptych.registry import mlflow_sync, stages
from triptych.registry.models import ModelRegistry
from triptych.registry.stages import Approval
from triptych.store.engine import create_engine, reading
from triptych.store.tables import models

ADA = Approval("Ada", "colder winters")
Row = dict[str, Any]


def promote(registry: ModelRegistry, version: int, to_stage: str) -> None:
    with mlflow_sync.changing(registry.engine, "temperature") as connection:
        stages.promote(connection, row(registry, version), to_stage, ADA)


def reject(registry: ModelRegistry, version: int) -> None:
    with mlflow_sync.changing(registry.engine, "temperature") as connection:
        stages.reject(connection, row(registry, version), ADA)


def roll_back(registry: ModelRegistry, production: Row) -> None:
    with mlflow_sync.changing(registry.engine, "temperature") as connection:
        stages.check_production(connection, "temperature", production)
        stages.roll_back(connection, "temperature", ADA)


def row(registry: ModelRegistry, version: int) -> Row:
    return registry.find("temperature", version)


def seen(registry: ModelRegistry) -> str:
    rows = sorted(registry.list_models(), key=lambda each: int(each["version"]))
    return " ".join(each["stage"] for each in rows)


def aliases() -> dict[str, str]:
    found = mlflow.MlflowClient().get_registered_model("temperature").aliases
    return {alias: str(version) for alias, version in found.items()}


def test_mlflow_has_a_version_a_row_and_the_aliases(three: ModelRegistry) -> None:
    promote(three, 2, "staging")
    promote(three, 3, "production")

    versions = mlflow.MlflowClient().search_model_versions("name='temperature'")
    assert {
        (int(v.version), v.tags["triptych.version"], v.tags["triptych.stage"]): v.tags[
            "triptych.model_id"
        ]
        for v in versions
    } == {
        (1, "1", "archived"): row(three, 1)["model_id"],
        (2, "2", "staging"): row(three, 2)["model_id"],
        (3, "3", "production"): row(three, 3)["model_id"],
    }
    assert aliases() == {"staging": "2", "production": "3"}
    by_alias = mlflow.artifacts.download_artifacts("models:/temperature@production")
    assert (Path(by_alias) / "artifacts" / "forecaster" / "forecaster.json").exists()

    reject(three, 2)
    roll_back(three, row(three, 3))

    assert aliases() == {"production": "1"}
    assert mlflow_sync.compare(three.engine) == []


def test_a_version_is_found_by_number_or_by_the_start_of_its_id(three: ModelRegistry) -> None:
    second = row(three, 2)

    assert three.find(second["model_id"][:8], None) == second
    for asked, fault in (
        (("temperature", None), "'temperature' is more than one version"),
        (("temperature", 4), "'temperature version 4' is no version of a model.*temperature 1"),
        (("wind", 1), "'wind version 1' is no version"),
        (("xyz", None), "'xyz' is no version"),
    ):
        with pytest.raises(PipelineError, match=fault):
            three.find(*asked)


def test_a_change_that_changes_nothing_is_refused(three: ModelRegistry) -> None:
    before = dump_tables(three.engine)
    for message, to_stage in (
        ("version 1 is in production already", "production"),
        ("version 1 is in production. Promote another", "staging"),
    ):
        with pytest.raises(PipelineError, match=message):
            promote(three, 1, to_stage)
    assert dump_tables(three.engine) == before
    reject(three, 1)
    with pytest.raises(PipelineError, match="version 1 is archived already"):
        reject(three, 1)
    assert seen(three) == "archived candidate candidate"


CHANGER = """
import sys, warnings
warnings.simplefilter("ignore")
import mlflow
from triptych.errors import PipelineError
from triptych.registry.mlflow_sync import changing
from triptych.registry.models import ModelRegistry
from triptych.registry.stages import Approval, check_production, promote
from triptych.store.migrate import open_database

url, tracking, version = sys.argv[1:]
mlflow.set_tracking_uri(tracking)
registry = ModelRegistry(open_database(url), None)
mlflow.MlflowClient().search_registered_models()
print("ready", flush=True)
sys.stdin.readline()
row, production = (registry.find("temperature", number) for number in (int(version), 1))
try:
    with changing(registry.engine, "temperature") as connection:
        check_production(connection, "temperature", production)
        promote(connection, row, "production", Approval("process", "race"))
except PipelineError as error:
    sys.exit(str(error))
"""


def changer(registry: ModelRegistry, tracking: str, version: int) -> Any:
    url = registry.engine.url.render_as_string(hide_password=False)
    return subprocess.Popen(
        [sys.executable, "-c", CHANGER, url, tracking, str(version)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def go(*processes: Any) -> None:
    """Let processes start at the same time, when all are ready."""
    assert [process.stdout.readline() for process in processes] == ["ready\n"] * len(processes)
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()


def test_of_two_processes_that_promote_at_once_one_wins(
    three: ModelRegistry, tracking: str
) -> None:
    both = [changer(three, tracking, version) for version in (2, 3)]
    go(*both)

    said = [process.communicate(timeout=120)[1] for process in both]

    assert sorted(process.returncode for process in both) == [0, 1], said
    winner = 2 if both[0].returncode == 0 else 3
    refusal = "".join(said)
    assert "Somebody else changed what is in production for temperature" in refusal
    assert f"was version 1 when this was decided, and version {winner} is, approved by" in refusal
    production = [each for each in three.list_models() if each["stage"] == "production"]
    assert [each["version"] for each in production] == [winner]
    with pytest.raises(PipelineError, match="Somebody else changed"):
        roll_back(three, row(three, 1))
    assert aliases() == {"production": str(winner)}
    assert mlflow_sync.compare(three.engine) == []


def test_kill_9_between_the_database_and_mlflow_is_seen_and_put_right(
    three: ModelRegistry, tracking: str
) -> None:
    """MLflow's file is locked for writers: the process stands between its two writes."""
    watcher = create_engine(three.engine.url.render_as_string(hide_password=False))
    with closing(sqlite3.connect(tracking.removeprefix("sqlite:///"))) as lock:
        lock.execute("BEGIN IMMEDIATE")
        process = changer(three, tracking, 2)
        go(process)
        until = time.monotonic() + 60
        while stage_of(watcher, 2) != "production" and process.poll() is None:
            assert time.monotonic() < until
            time.sleep(0.01)
        process.kill()
        said = process.communicate()[1]
    assert process.returncode == -signal.SIGKILL, said
    watcher.dispose()

    assert seen(three) == "archived production candidate"
    assert aliases() == {"production": "1"}
    assert mlflow_sync.compare(three.engine) == [
        "temperature: version 1 is archived in the database, production in MLflow",
        "temperature: version 2 is production in the database, candidate in MLflow",
        "temperature: version 2 is in production in the database; MLflow's alias production is at "
        "its version 1",
    ]

    promote(three, 3, "staging")

    assert aliases() == {"production": "2", "staging": "3"}
    assert mlflow_sync.compare(three.engine) == []


def stage_of(engine: Engine, version: int) -> str | None:
    with reading(engine) as connection:
        found: str | None = connection.scalar(
            select(models.c.stage).where(models.c.version == version)
        )
    return found


def test_what_mlflow_lost_or_was_told_by_others_is_put_right(three: ModelRegistry) -> None:
    client = mlflow.MlflowClient()
    client.delete_model_version("temperature", "2")
    client.set_registered_model_alias("temperature", "staging", "3")

    assert mlflow_sync.compare(three.engine) == [
        "temperature: version 2 is not in MLflow",
        "temperature: no version is in staging in the database; MLflow's alias staging is at its "
        "version 3",
    ]
    assert len(mlflow_sync.sync_name(three.engine, "temperature")) == 2
    assert mlflow_sync.compare(three.engine) == []

    client.delete_registered_model("temperature")
    promote(three, 2, "production")

    assert mlflow_sync.compare(three.engine) == []
    numbers = {
        v.tags["triptych.version"]: str(v.version)
        for v in client.search_model_versions("name='temperature'")
    }
    assert aliases() == {"production": numbers["2"]}


def test_files_that_mlflow_lost_are_said_and_the_change_stands(three: ModelRegistry) -> None:
    mlflow.MlflowClient().delete_registered_model("temperature")
    with three.engine.begin() as connection:
        connection.execute(
            models.update().where(models.c.version == 3).values(model_uri="models:/m-0")
        )

    with pytest.raises(
        mlflow_sync.SyncError,
        match=r"The database is changed, .* temperature: version 3 is not in MLflow \(.*m-0.*"
        r"kedro model sync",
    ):
        promote(three, 2, "production")

    assert seen(three) == "archived production candidate"
    assert mlflow_sync.compare(three.engine) == ["temperature: version 3 is not in MLflow"]


def test_nothing_is_changed_while_mlflow_is_away(
    three: ModelRegistry, tracking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dump_tables(three.engine)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    mlflow.set_tracking_uri("http://127.0.0.1:9")

    for change in (
        lambda: promote(three, 2, "production"),
        lambda: reject(three, 2),
        lambda: roll_back(three, row(three, 1)),
    ):
        with pytest.raises(PipelineError, match="does not answer, so nothing was changed"):
            change()

    assert dump_tables(three.engine) == before
    mlflow.set_tracking_uri(tracking)
