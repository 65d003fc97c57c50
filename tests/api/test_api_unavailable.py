"""Database missing, incompatible or broken: 503 and Retry-After, then 200 again."""

import logging
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from api.app import Settings, create_app
from tests.api.conftest import TestClient, open_client
from tests.api.tables import create_filled
from tests.api.test_api_surface import ROUTES, check_problem
from triptych.store.errors import StoreError

READS = [path for path in ROUTES if path not in {"/version", "/health/live"}]


def check_unavailable(client: Any) -> None:
    """Every route that reads says 503; the others answer."""
    for path in READS:
        response = client.get(path, params=ROUTES[path])
        check_problem(response, 503, path)
        assert response.headers["retry-after"] == "10"
    assert client.get("/health/live").status_code == 200
    assert client.get("/version").status_code == 200


def check_available(client: Any) -> None:
    for path, params in ROUTES.items():
        assert client.get(path, params=params).status_code == 200


def test_a_missing_file_is_not_created_and_is_read_once_it_exists(
    filled_template: Path, tmp_path: Path, caplog: Any
) -> None:
    file = tmp_path / "data" / "triptych.db"
    with open_client(f"sqlite:///{file}") as client:
        check_unavailable(client)
        assert not file.parent.exists()
        assert any(record.exc_info for record in caplog.records if record.levelname == "ERROR")
        file.parent.mkdir()
        sqlite3.connect(file).close()  # no tables
        check_unavailable(client)
        assert "pipelines" in client.get("/health/ready").json()["detail"]
        shutil.copy(filled_template, file)
        check_available(client)


def test_a_file_that_is_removed_replaced_or_damaged(sqlite_file: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.db"
    create_filled(f"sqlite:///{empty}", empty=True)
    with open_client(f"sqlite:///{sqlite_file}") as client:
        check_available(client)
        removed = sqlite_file.rename(sqlite_file.with_suffix(".removed"))
        check_unavailable(client)
        assert str(sqlite_file.parent) not in client.get("/health/ready").text
        removed.rename(sqlite_file)
        check_available(client)
        empty.replace(sqlite_file)
        assert client.get("/locations").json() == {"data": [], "count": 0, "next": None}
    sqlite_file.write_bytes(b"not a database" * 1000)
    with open_client(f"sqlite:///{sqlite_file}") as client:
        check_unavailable(client)


def test_only_a_compatible_schema_is_read(own_client: Any, url: str, engine: Any) -> None:
    def execute(statement: str) -> None:
        with engine.begin() as connection:
            connection.execute(text(statement))

    check_available(own_client)
    for version in ("9999a", "0001"):
        execute(f"UPDATE alembic_version SET version_num = '{version}'")  # noqa: S608
        check_unavailable(own_client)
    # a newer schema of the same generation: the API stays up while it is replaced
    execute("ALTER TABLE predictions ADD COLUMN newer INTEGER")
    execute("UPDATE alembic_version SET version_num = '9999'")
    check_available(own_client)
    with open_client(url) as client:
        check_available(client)
    # a table that disappears is noticed
    execute("ALTER TABLE predictions RENAME TO gone")
    response = own_client.get("/predictions", params=ROUTES["/predictions"])
    check_problem(response, 503, "/predictions")
    assert own_client.get("/locations").status_code == 200


def test_a_locked_file_is_reported_at_once(sqlite_file: Path) -> None:
    holder = sqlite3.connect(sqlite_file, isolation_level=None)
    holder.execute("PRAGMA journal_mode=DELETE")  # with WAL, a writer locks nobody out
    with open_client(f"sqlite:///{sqlite_file}") as client:
        check_available(client)
        holder.execute("BEGIN EXCLUSIVE")
        check_unavailable(client)
        holder.rollback()
        check_available(client)
    holder.close()


def test_killed_connections_are_opened_again(postgresql_url: str, postgresql_server: Any) -> None:
    create_filled(postgresql_url)
    kill = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'to_be_killed'"
    )
    with open_client(f"{postgresql_url}&application_name=to_be_killed") as client:
        for _ in range(3):
            check_available(client)
            with psycopg.connect(postgresql_server.get_uri(), autocommit=True) as connection:
                assert connection.execute(kill).fetchall()
        check_available(client)


def test_a_driver_that_is_unknown_stops_the_start() -> None:
    with pytest.raises(StoreError, match="sqlite:///"), open_client("mysql://u:s3cret@localhost/x"):
        pass


def test_an_unforeseen_error_is_a_problem_and_logged_with_its_trace(
    sqlite_file: Path, caplog: Any
) -> None:
    app = create_app(Settings(database_url=f"sqlite:///{sqlite_file}"))

    @app.get("/broken")
    async def get_broken() -> None:
        raise ZeroDivisionError("secret detail")

    with TestClient(app) as client:
        response = client.get("/broken")

    check_problem(response, 500, "/broken")
    assert "secret detail" not in response.text
    (record,) = (each for each in caplog.records if each.levelno == logging.ERROR)
    assert record.exc_info[0] is ZeroDivisionError


@pytest.mark.parametrize("responds", [True, False])
def test_a_password_is_shown_nowhere(
    responds: bool, postgresql_url: str, caplog: Any, capfd: Any
) -> None:
    url = "postgresql://u:s3cret@127.0.0.1:9/x?connect_timeout=2"
    url = postgresql_url.replace("postgres:@", "postgres:s3cret@") if responds else url
    settings = Settings(database_url=url)
    with caplog.at_level(logging.DEBUG, logger="api"), open_client(url) as client:
        check_unavailable(client)
        answers = [client.get(path, params=params).text for path, params in ROUTES.items()]

    captured = capfd.readouterr()
    assert captured.err  # the log is there
    shown = "".join([repr(settings), str(settings), captured.err, captured.out, *answers])
    assert "s3cret" not in shown + caplog.text
