"""kill -9 in the middle, then again: the same tables as an undisturbed run."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from tests.fixtures.databases import dump_tables
from tests.fixtures.project import Project, copy_of
from triptych.store.tables import metadata
from triptych.store.writes import BOOKKEEPING

Tables = dict[str, list[tuple[Any, ...]]]


def content(project: Project, tables: tuple[str, ...]) -> Tables:
    """The rows without the columns that tell when they were written."""
    engine = project.engine()
    dumped = dump_tables(engine)
    engine.dispose()
    kept = {
        name: [
            i for i, column in enumerate(metadata.tables[name].c) if column.name not in BOOKKEEPING
        ]
        for name in tables
    }
    return {name: [tuple(row[i] for i in kept[name]) for row in dumped[name]] for name in tables}


def kill_when(
    project: Project,
    ready: Callable[[sqlite3.Connection], bool],
    *arguments: str,
    by: signal.Signals = signal.SIGKILL,
) -> str:
    """Run a command and end it, with all that it started, as soon as the database is ready."""
    database = project.path / "data" / "triptych.db"
    with subprocess.Popen(
        [str(Path(sys.executable).with_name("kedro")), "run", "--env", "test", *arguments],
        cwd=project.path,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=_take_interrupts,  # noqa: PLW1509 (no thread is running)
    ) as process:
        until = time.monotonic() + 120  # imports take long where much else runs
        while time.monotonic() < until and process.poll() is None:
            if database.exists() and _ask(database, ready):
                os.killpg(process.pid, by)
                break
            time.sleep(0.002)
        else:  # too late, or it has ended: what it started must not outlive the test
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == (1 if by == signal.SIGINT else -by), said
    return said


def _take_interrupts() -> None:
    """A shell that starts the tests in the background has them ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _ask(database: Path, ready: Callable[[sqlite3.Connection], bool]) -> bool:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        try:
            return ready(connection)
        except sqlite3.OperationalError:  # not made yet
            return False


def count(table: str) -> Callable[[sqlite3.Connection], int]:
    return lambda connection: int(
        connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
    )


WEATHER = ("locations", "ingested_periods", "weather_hourly", "rejected_rows")


def test_ingestion_killed_after_its_first_year_goes_on_where_it_was(
    project: Project, run_project: Project
) -> None:
    said = kill_when(project, lambda c: count("weather_hourly")(c) > 0, "--pipeline", "ingestion")

    assert "Completed node: fetch_weather" not in said
    left = content(project, WEATHER)
    whole = content(run_project, WEATHER)
    # whole years only, and none signed off without its hours
    assert 0 < len(left["weather_hourly"]) < len(whole["weather_hourly"])
    assert set(left["weather_hourly"]) < set(whole["weather_hourly"])
    years = {(row[0], row[1].year) for row in left["weather_hourly"]}
    for slug, year in years:
        in_year = [r for r in whole["weather_hourly"] if (r[0], r[1].year) == (slug, year)]
        found = [r for r in left["weather_hourly"] if (r[0], r[1].year) == (slug, year)]
        assert len(found) == len(in_year)
    assert {(row[0], row[1].year) for row in left["ingested_periods"]} <= years

    again = project.output("run", "--env", "test", "--pipeline", "ingestion")
    assert "of 8)" not in again or not left["ingested_periods"]
    assert content(project, WEATHER) == whole


def test_an_interrupted_run_is_not_finished_for_mlflow(project: Project) -> None:
    running = count("weather_hourly")
    kill_when(project, lambda c: running(c) > 0, "--pipeline", "ingestion", by=signal.SIGINT)

    with closing(sqlite3.connect(project.path / "data" / "mlflow.db")) as connection:
        assert connection.execute("SELECT status FROM runs").fetchall() == [("KILLED",)]


FORECAST = ("models", "predictions", "prediction_inputs")
HALT = """
CREATE TRIGGER halt BEFORE INSERT ON predictions WHEN NEW.lead = 16 AND NEW.location = 'westhaven'
BEGIN
  INSERT INTO halted WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
  SELECT i FROM n LIMIT 100000000000;
END
"""


def test_batch_inference_killed_within_its_write_leaves_the_old_rows(
    run_project: Project, tmp_path: Path
) -> None:
    """A trigger holds the writer at its last row, for ever: the kill comes within the write."""
    project = copy_of(run_project, tmp_path / "project")
    before = content(project, FORECAST)
    command = ("--pipeline", "batch_inference", "--params", "as_of=2023-07-14")
    with closing(sqlite3.connect(project.path / "data" / "triptych.db")) as connection:
        connection.execute("CREATE TABLE halted (i)")
        connection.execute(HALT)
        connection.commit()

    kill_when(project, lambda c: count("prediction_inputs")(c) > 2 and locked(c), *command)

    with closing(sqlite3.connect(project.path / "data" / "triptych.db")) as connection:
        connection.execute("DROP TRIGGER halt")
        connection.execute("DROP TABLE halted")
        connection.commit()
    left = content(project, FORECAST)
    assert left["predictions"] == before["predictions"]
    assert left["models"] == before["models"]

    project.output("run", "--env", "test", *command)
    undisturbed = copy_of(run_project, tmp_path / "undisturbed")
    assert undisturbed.kedro("run", "--env", "test", *command).returncode == 0
    after = content(project, FORECAST)
    assert after == content(undisturbed, FORECAST)
    assert len(after["predictions"]) == len(before["predictions"]) + 2 * 16


def locked(connection: sqlite3.Connection) -> bool:
    """Tell whether a writer is at work for some time: it has the lock twice, a moment apart."""
    file = connection.execute("PRAGMA database_list").fetchone()[2]

    def busy() -> bool:
        with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as other:
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            other.execute("ROLLBACK")
            return False

    if not busy():
        return False
    time.sleep(0.5)
    return busy()
