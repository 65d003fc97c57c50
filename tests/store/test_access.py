"""The role of the API on a real PostgreSQL: it reads what it serves, and nothing else works."""

import ast
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import Engine, text

from tests.fixtures.databases import start_postgresql
from tests.fixtures.project import ROOT
from triptych.store.engine import create_engine
from triptych.store.errors import StoreError
from triptych.store.grants import API_TABLES, grant_reading, main
from triptych.store.tables import metadata

PASSWORDS = {
    "TRIPTYCH_PASSWORD": "the owner's",
    "TRIPTYCH_API_PASSWORD": "of the reader",
    "MLFLOW_PASSWORD": "of MLflow",
}


def run_roles(server: Any, passwords: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run roles.sql as the administrator, with the server's own psql."""
    script = ROOT / "src" / "triptych" / "store" / "roles.sql"
    return subprocess.run(
        [str(server.bin_path / "psql"), "--no-psqlrc", f"--file={script}", server.get_uri()],
        env={"PATH": os.environ["PATH"], **passwords},
        capture_output=True,
        text=True,
        check=False,
    )


def url_of(server: Any, role: str, database: str = "triptych") -> str:
    return str(server.get_uri(database)).replace("postgres:@", f"{role}:@")


def secret_of(server: Any, role: str) -> str:
    """What the server keeps of a role's password."""
    with psycopg.connect(server.get_uri()) as connection:
        row = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [role])
        return str((row.fetchone() or [None])[0])


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    """Give a server of one's own with the roles, their databases and granted tables: who may
    connect is a matter of the whole server.
    """
    own = start_postgresql()
    result = run_roles(own, PASSWORDS)
    assert (result.returncode, result.stderr) == (0, "")
    owner = create_engine(url_of(own, "triptych"))
    grant_reading(owner, "triptych_api")
    owner.dispose()
    yield own
    own.cleanup()


@pytest.fixture(scope="module")
def owner(server: Any) -> Iterator[Engine]:
    """Give the engine of the tables' owner."""
    engine = create_engine(url_of(server, "triptych"))
    yield engine
    engine.dispose()


@pytest.fixture
def reader(server: Any) -> Iterator[psycopg.Connection[Any]]:
    """Give a connection of the API's role."""
    with psycopg.connect(url_of(server, "triptych_api"), autocommit=True) as connection:
        yield connection


def test_the_role_reads_what_the_api_serves_and_nothing_else(
    reader: psycopg.Connection[Any],
) -> None:
    for table in API_TABLES:
        (count,) = reader.execute(f"SELECT count(*) FROM {table}").fetchone() or ()  # noqa: S608
        assert count == (1 if table == "alembic_version" else 0)
    for table in set(metadata.tables) - set(API_TABLES):
        with pytest.raises(errors.InsufficientPrivilege, match=f"denied for table {table}"):
            reader.execute(f"SELECT count(*) FROM {table}")  # noqa: S608


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO locations (location) VALUES ('rome')",
        "UPDATE predictions SET temperature_2m = 0",
        "DELETE FROM predictions",
        "TRUNCATE models",
        "SELECT * FROM models FOR UPDATE",
        "DROP TABLE weather_3h",
        "CREATE TABLE mine (x int)",
        "CREATE TEMPORARY TABLE mine (x int)",
        "GRANT SELECT ON rejected_rows TO PUBLIC",
        "SET ROLE triptych",
        "ALTER ROLE triptych_api SUPERUSER",
        "CREATE ROLE another",
        "COPY predictions TO PROGRAM 'true'",
        "SELECT pg_read_file('postgresql.conf')",
    ],
)
def test_the_role_can_do_nothing_else(reader: psycopg.Connection[Any], statement: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        reader.execute(statement)


@pytest.mark.parametrize(
    ("role", "database"),
    [
        *(("triptych_api", name) for name in ("mlflow", "postgres", "template1")),
        *(("mlflow", name) for name in ("template1", "triptych")),
        ("triptych", "mlflow"),
    ],
)
def test_a_role_enters_its_own_database_alone(server: Any, role: str, database: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(url_of(server, role, database))


def test_the_owners_rule_no_server(server: Any) -> None:
    with psycopg.connect(server.get_uri()) as connection:
        rights = connection.execute(
            "SELECT rolname FROM pg_roles WHERE rolname IN ('triptych', 'triptych_api', 'mlflow') "
            "AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)"
        ).fetchall()

    assert rights == []


def test_both_again_change_a_password_and_nothing_else(server: Any, owner: Engine) -> None:
    before = secret_of(server, "triptych_api"), secret_of(server, "triptych")

    result = run_roles(server, PASSWORDS)
    grant_reading(owner, "triptych_api")

    assert (result.returncode, result.stderr) == (0, "")
    assert all(secret.startswith("SCRAM-SHA-256$") for secret in before)
    assert secret_of(server, "triptych_api") != before[0]  # salted anew


def test_a_password_that_is_missing_stops_it(server: Any) -> None:
    given = {name: value for name, value in PASSWORDS.items() if name != "MLFLOW_PASSWORD"}
    result = run_roles(server, given)
    assert result.returncode == 3
    assert "mlflow_password" in result.stderr


def test_what_was_granted_beyond_is_withdrawn(owner: Engine) -> None:
    with owner.begin() as connection:
        connection.execute(text("GRANT ALL ON rejected_rows, predictions TO triptych_api"))
    grant_reading(owner, "triptych_api")
    with owner.begin() as connection:
        granted = connection.execute(
            text(
                "SELECT table_name, privilege_type FROM information_schema.table_privileges "
                "WHERE grantee = 'triptych_api' ORDER BY table_name"
            )
        ).all()
    assert granted == [(table, "SELECT") for table in API_TABLES]


def test_a_database_that_is_open_to_every_role_is_named(
    server: Any, owner: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    grant_reading(owner, "triptych_api")
    assert "may also connect" not in caplog.text
    with psycopg.connect(server.get_uri(), autocommit=True) as administrator:
        administrator.execute('CREATE DATABASE "other one"')
        grant_reading(owner, "triptych_api")
        advice = 'REVOKE CONNECT ON DATABASE "other one" FROM PUBLIC;'
        assert "triptych_api may also connect to other one. Run as the" in caplog.text
        assert advice in caplog.text
        administrator.execute(advice)
    caplog.clear()
    grant_reading(owner, "triptych_api")
    assert "may also connect" not in caplog.text


def test_the_role_and_roles_must_exist(owner: Engine, sqlite_url: str) -> None:
    with pytest.raises(StoreError, match="no role 'some one\"s'"):
        grant_reading(owner, 'some one"s')
    with pytest.raises(StoreError, match="has no roles"):
        grant_reading(create_engine(sqlite_url), "triptych_api")


def test_the_command(
    server: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TRIPTYCH_DATABASE_URL", url_of(server, "triptych"))

    with caplog.at_level("INFO"):
        codes = [main(["triptych_api"]), main(["nobody"]), main([])]

    assert codes == [0, 1, 2]
    granted = "alembic_version, forecast_scores, image_predictions, locations, models"
    assert f"triptych_api may read {granted}" in caplog.text
    assert "no role 'nobody'" in caplog.text


def tables_named(source: str) -> set[str]:
    """The tables that a file takes from `triptych.store.tables`."""
    return {
        alias.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and node.module == "triptych.store.tables"
        for alias in node.names
    } & set(metadata.tables)


def test_exactly_the_tables_that_the_api_names_are_granted() -> None:
    files: list[Path] = list((ROOT / "api").rglob("*.py"))

    named = set().union(*(tables_named(file.read_text(encoding="utf-8")) for file in files))

    assert named | {"alembic_version"} == set(API_TABLES)  # its schema is checked, too
    planted = "from triptych.store.tables import models, rejected_rows, metadata"
    assert tables_named(planted) == {"models", "rejected_rows"}
