"""Runs the backup and restore commands of docs/operations.md."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, text

from tests.api.tables import fill
from tests.fixtures.databases import dump_tables
from tests.fixtures.documents import read_commands
from tests.fixtures.project import ROOT
from triptych.store.engine import create_engine
from triptych.store.migrate import migrate

OPERATIONS = ROOT / "docs" / "operations.md"
READER = "triptych_api"


def run_documented(heading: str, folder: Path, **variables: str) -> None:
    """Run the commands under a heading in a folder with the project's environment."""
    if not (folder / ".venv").exists():
        (folder / ".venv" / "bin").mkdir(parents=True)
        (folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
    subprocess.run(
        ["bash", "-euo", "pipefail", "-c", read_commands(OPERATIONS, heading)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **variables},
        check=True,
    )


@pytest.fixture
def project(tmp_path: Path) -> Iterator[tuple[Path, Engine]]:
    """Return a folder with a project's data and the engine of its tables."""
    data = tmp_path / "data"
    for name in ("mlartifacts/1", "snapshots/rows"):
        (data / name).mkdir(parents=True)
        (data / name / "file").write_bytes(name.encode())
    with closing(sqlite3.connect(data / "mlflow.db")) as connection:
        connection.execute("CREATE TABLE runs AS SELECT 'a run' AS name")
        connection.commit()
    engine = create_engine(f"sqlite:///{data}/triptych.db")
    migrate(engine)
    fill(engine)
    yield tmp_path, engine
    engine.dispose()


def damage(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM predictions"))
        connection.execute(text("UPDATE models SET stage = 'archived'"))


def test_sqlite_is_restored_from_a_backup_during_writes(
    project: tuple[Path, Engine], tmp_path: Path
) -> None:
    folder, engine = project
    before = dump_tables(engine)
    assert (folder / "data" / "triptych.db-wal").stat().st_size > 0  # rows that cp would miss

    with engine.connect() as connection:
        connection.execute(text("DELETE FROM predictions"))  # uncommitted
        run_documented("SQLite: back up", folder)
        connection.commit()
    damage(engine)  # partly still in the write-ahead log
    (folder / "data" / "mlflow.db").unlink()
    shutil.rmtree(folder / "data" / "mlartifacts")
    assert dump_tables(engine) != before
    engine.dispose()
    run_documented("SQLite: restore", folder)

    assert dump_tables(engine) == before
    with closing(sqlite3.connect(folder / "data" / "mlflow.db")) as other:
        assert other.execute("SELECT name FROM runs").fetchall() == [("a run",)]
    for name in ("mlartifacts/1", "snapshots/rows"):
        assert (folder / "data" / name / "file").read_bytes() == name.encode()


@pytest.fixture
def database(postgresql_server: Any) -> Iterator[str]:
    """Return the URL of an empty database on a server with the API's role."""
    with psycopg.connect(postgresql_server.get_uri(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE backed_up")
        connection.execute(f"CREATE ROLE {READER} LOGIN")
        yield str(postgresql_server.get_uri("backed_up"))
        connection.execute("DROP DATABASE backed_up WITH (FORCE)")
        connection.execute(f"DROP ROLE {READER}")


def test_postgresql_is_restored_and_readable_by_the_api(
    database: str, postgresql_server: Any, tmp_path: Path
) -> None:
    tools = {
        "PATH": f"{postgresql_server.bin_path}{os.pathsep}{os.environ['PATH']}",
        "TRIPTYCH_DATABASE_URL": database,
    }
    engine = create_engine(database)
    migrate(engine)
    fill(engine)
    before = dump_tables(engine)

    with engine.connect() as connection:
        connection.execute(text("DELETE FROM predictions"))
        run_documented("PostgreSQL: back up", tmp_path, **tools)
        connection.commit()
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE prediction_inputs, predictions"))
    run_documented("PostgreSQL: restore", tmp_path, **tools)

    assert dump_tables(engine) == before
    engine.dispose()
    as_reader = database.replace("postgres:@", f"{READER}:@")
    with psycopg.connect(as_reader) as reader:
        (rows,) = reader.execute("SELECT count(*) FROM predictions").fetchone() or (0,)
    assert rows == len(before["predictions"]) > 0


def test_a_missing_heading_is_detected() -> None:
    with pytest.raises(AssertionError, match="no heading"):
        read_commands(OPERATIONS, "SQLite: back down")
