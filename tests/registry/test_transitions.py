"""Changes by persons: what is refused, what MLflow is told, two at once, one that is killed."""

import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from tests.fixtures.databases import dump_tables
from tests.registry.conftest import MakeCandidate
from triptych.errors import PipelineError
from triptych.registry import mlflow_sync, stages
from triptych.registry.models import ModelRegistry
from triptych.registry.stages import Approval
from triptych.registry.transitions import (
    find_version,
    promote_version,
    reject_version,
    roll_back_name,
)
from triptych.store.engine import create_engine, reading
from triptych.store.tables import models

ADA = Approval("Ada", "colder winters")
GRACE = Approval("Grace", "warmer summers")
Row = dict[str, Any]


@pytest.fixture
def three(registry: ModelRegistry, make_candidate: MakeCandidate) -> ModelRegistry:
    """A register with version 1 in production, 2 and 3 candidates."""
    registry.register(make_candidate("2018-01-01", promote_first=True))
    registry.register(make_candidate("2018-02-01"))
    registry.register(make_candidate("2018-03-01"))
    return registry


def row(registry: ModelRegistry, version: int) -> Row:
    return find_version(registry.list_models(), "temperature", version)


def seen(registry: ModelRegistry) -> str:
    rows = sorted(registry.list_models(), key=lambda each: int(each["version"]))
    return " ".join(each["stage"] for each in rows)


def aliases() -> dict[str, str]:
    import mlflow

    found = mlflow.MlflowClient().get_registered_model("temperature").aliases
    return {alias: str(version) for alias, version in found.items()}


def test_mlflow_has_a_version_a_row_and_the_aliases(three: ModelRegistry) -> None:
    import mlflow

    promote_version(three.engine, row(three, 2), "staging", ADA, row(three, 1))
    promote_version(three.engine, row(three, 3), "production", ADA, row(three, 1))

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

    reject_version(three.engine, row(three, 2), ADA)
    roll_back_name(three.engine, "temperature", ADA, row(three, 3))

    assert aliases() == {"production": "1"}
    assert mlflow_sync.compare(three.engine) == []


def test_a_version_is_found_by_number_or_by_the_start_of_its_id(three: ModelRegistry) -> None:
    rows = three.list_models()
    second = row(three, 2)

    assert find_version(rows, second["model_id"][:8], None) == second
    for asked, fault in (
        (("temperature", None), "'temperature' is more than one version"),
        (("temperature", 4), "'temperature version 4' is no version of a model.*temperature 1"),
        (("wind", 1), "'wind version 1' is no version"),
        (("xyz", None), "'xyz' is no version"),
    ):
        with pytest.raises(PipelineError, match=fault):
            find_version(rows, *asked)


def test_a_change_that_changes_nothing_is_refused(three: ModelRegistry) -> None:
    before = dump_tables(three.engine)
    first = row(three, 1)
    for message, to_stage in (
        ("version 1 is in production already", "production"),
        ("version 1 is in production. Promote another", "staging"),
    ):
        with pytest.raises(PipelineError, match=message):
            promote_version(three.engine, first, to_stage, ADA, first)
    assert dump_tables(three.engine) == before
    reject_version(three.engine, first, ADA)
    with pytest.raises(PipelineError, match="version 1 is archived already"):
        reject_version(three.engine, first, ADA)
    assert seen(three) == "archived candidate candidate"


def test_the_second_of_two_at_once_waits_and_is_refused(three: ModelRegistry) -> None:
    second, third, production = row(three, 2), row(three, 3), row(three, 1)
    refusals: list[str] = []

    def promote_third() -> None:
        try:
            promote_version(three.engine, third, "production", GRACE, production)
        except PipelineError as error:
            refusals.append(str(error))

    other = threading.Thread(target=promote_third)
    with three.engine.begin() as connection:
        stages.lock_name(connection, "temperature")
        stages.promote(connection, second, "production", ADA)
        other.start()
        other.join(1.5)
        assert other.is_alive()  # it waits for this transaction
    other.join(30)

    (refusal,) = refusals
    assert "it was version 1 when this was decided, and version 2 is, approved by Ada" in refusal
    assert "run the command again" in refusal
    assert seen(three) == "archived production candidate"
    with pytest.raises(PipelineError, match="Somebody else changed"):
        roll_back_name(three.engine, "temperature", GRACE, production)


CHANGER = """
import sys, time, warnings
warnings.simplefilter("ignore")
import mlflow
from triptych.errors import PipelineError
from triptych.registry.transitions import find_version, promote_version
from triptych.registry.models import ModelRegistry
from triptych.registry.stages import Approval
from triptych.store.database import open_database

url, tracking, version, start = sys.argv[1:]
mlflow.set_tracking_uri(tracking)
registry = ModelRegistry(open_database(url), None)
rows = registry.list_models()
mlflow.MlflowClient().search_registered_models()
time.sleep(max(0, float(start) - time.time()))
row, production = (find_version(rows, "temperature", number) for number in (int(version), 1))
try:
    promote_version(registry.engine, row, "production", Approval("process", "race"), production)
except PipelineError as error:
    sys.exit(str(error))
"""


def changer(registry: ModelRegistry, tracking: str, version: int, start: float) -> Any:
    url = registry.engine.url.render_as_string(hide_password=False)
    return subprocess.Popen(
        [sys.executable, "-c", CHANGER, url, tracking, str(version), str(start)],
        stderr=subprocess.PIPE,
        text=True,
    )


def test_of_two_processes_that_promote_at_once_one_wins(
    three: ModelRegistry, tracking: str
) -> None:
    start = time.time() + 8
    both = [changer(three, tracking, version, start) for version in (2, 3)]

    said = [process.communicate(timeout=120)[1] for process in both]

    assert sorted(process.returncode for process in both) == [0, 1], said
    assert "Somebody else changed what is in production for temperature" in "".join(said)
    winner = 2 if both[0].returncode == 0 else 3
    production = [each for each in three.list_models() if each["stage"] == "production"]
    assert [each["version"] for each in production] == [winner]
    assert aliases() == {"production": str(winner)}
    assert mlflow_sync.compare(three.engine) == []


def test_kill_9_between_the_database_and_mlflow_is_seen_and_put_right(
    three: ModelRegistry, tracking: str
) -> None:
    """MLflow's file is locked for writers: the process stands between its two writes."""
    url = three.engine.url.render_as_string(hide_password=False)
    watcher = create_engine(url)
    with closing(sqlite3.connect(tracking.removeprefix("sqlite:///"))) as lock:
        lock.execute("BEGIN IMMEDIATE")
        process = changer(three, tracking, 2, 0)
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
    assert [str(difference) for difference in mlflow_sync.compare(three.engine)] == [
        "temperature: version 1 is archived in the database, production in MLflow",
        "temperature: version 2 is production in the database, candidate in MLflow",
        "temperature: version 2 is in production in the database; MLflow's alias production is at "
        "its version 1",
    ]

    promote_version(three.engine, row(three, 3), "staging", ADA, row(three, 2))

    assert aliases() == {"production": "2", "staging": "3"}
    assert mlflow_sync.compare(three.engine) == []


def stage_of(engine: Engine, version: int) -> str | None:
    with reading(engine) as connection:
        found: str | None = connection.scalar(
            select(models.c.stage).where(models.c.version == version)
        )
    return found


def test_what_mlflow_lost_or_was_told_by_others_is_put_right(three: ModelRegistry) -> None:
    import mlflow

    client = mlflow.MlflowClient()
    client.delete_model_version("temperature", "2")
    client.set_registered_model_alias("temperature", "staging", "3")

    assert [str(difference) for difference in mlflow_sync.compare(three.engine)] == [
        "temperature: version 2 is not in MLflow",
        "temperature: no version is in staging in the database; MLflow's alias staging is at its "
        "version 3",
    ]
    assert len(mlflow_sync.sync_name(three.engine, "temperature")) == 2
    assert mlflow_sync.compare(three.engine) == []

    client.delete_registered_model("temperature")
    promote_version(three.engine, row(three, 2), "production", ADA, row(three, 1))

    assert mlflow_sync.compare(three.engine) == []
    numbers = {
        v.tags["triptych.version"]: str(v.version)
        for v in client.search_model_versions("name='temperature'")
    }
    assert aliases() == {"production": numbers["2"]}


def test_files_that_mlflow_lost_are_said_and_the_change_stands(three: ModelRegistry) -> None:
    import mlflow

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
        promote_version(three.engine, row(three, 2), "production", ADA, row(three, 1))

    assert seen(three) == "archived production candidate"
    assert [d.text for d in mlflow_sync.compare(three.engine)] == ["version 3 is not in MLflow"]


def test_nothing_is_changed_while_mlflow_is_away(
    three: ModelRegistry, tracking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    before = dump_tables(three.engine)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    mlflow.set_tracking_uri("http://127.0.0.1:9")

    for change in (
        lambda: promote_version(three.engine, row(three, 2), "production", ADA, row(three, 1)),
        lambda: reject_version(three.engine, row(three, 2), ADA),
        lambda: roll_back_name(three.engine, "temperature", ADA, row(three, 1)),
    ):
        with pytest.raises(PipelineError, match="does not answer, so nothing was changed"):
            change()

    assert dump_tables(three.engine) == before
    mlflow.set_tracking_uri(tracking)
