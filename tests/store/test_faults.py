"""What a user reads when the database is damaged, away or closed to them."""

import logging
import sqlite3
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from threading import Timer
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Engine, select, text

from tests.store.rows import MODEL, add_places, place
from triptych.store.engine import create_engine, reading
from triptych.store.errors import CorruptDatabase, DatabaseUnavailable, StoreError
from triptych.store.migrate import migrate
from triptych.store.tables import locations, models
from triptych.store.writes import upsert


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "triptych.db"
    file.write_bytes(b"this is a text, long enough to be taken for a header of SQLite\n" * 40)
    with pytest.raises(CorruptDatabase) as caught:
        migrate(create_engine(f"sqlite:///{file}"))
    assert str(caught.value) == (
        f"SQLite database {file}: file is not a database. It is not a whole SQLite database. "
        "Restore it from a copy, or move it away and run again: a new one is made."
    )


def test_a_damaged_page(tmp_path: Path) -> None:
    file = tmp_path / "triptych.db"
    engine = create_engine(f"sqlite:///{file}")
    migrate(engine)
    add_places(engine, *(f"place-{n}" for n in range(2_000)))
    engine.dispose()
    whole = file.read_bytes()
    half = len(whole) // 2
    file.write_bytes(whole[:half] + b"\xff" * 4096 * 8 + whole[half + 4096 * 8 :])
    with pytest.raises(CorruptDatabase, match=r"malformed\. .* Restore it from a copy"):
        _read_all(create_engine(f"sqlite:///{file}"))


def test_a_file_cut_in_half(tmp_path: Path) -> None:
    file = tmp_path / "triptych.db"
    engine = create_engine(f"sqlite:///{file}")
    migrate(engine)
    add_places(engine, *(f"place-{n}" for n in range(2_000)))
    engine.dispose()
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(CorruptDatabase, match="malformed"):
        _read_all(create_engine(f"sqlite:///{file}"))


# Root may write anywhere: a path below a file, or in the kernel's folders, is closed to it too.
@pytest.mark.parametrize("below", ["file", "file/folder", "file/folder/deeper"])
def test_a_folder_below_a_file(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseUnavailable, match=r"folder cannot be made .* can write to"):
        migrate(create_engine(f"sqlite:///{tmp_path}/{below}/triptych.db"))


def test_a_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="unable to open database file"):
        migrate(create_engine(f"sqlite:///{tmp_path}"))


def test_a_folder_that_takes_no_file() -> None:
    with pytest.raises(DatabaseUnavailable, match="writable by this user"):
        migrate(create_engine("sqlite:////proc/self/triptych.db"))


def test_a_database_that_another_process_holds(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("triptych.store.sqlite._BUSY_TIMEOUT_S", 0.05)
    holder, engine = create_engine(sqlite_url), create_engine(sqlite_url)
    with holder.begin(), pytest.raises(DatabaseUnavailable, match="Another process holds it"):
        migrate(engine)
    holder.dispose()
    engine.dispose()


@pytest.mark.parametrize("lock", ["EXCLUSIVE", "IMMEDIATE"])
def test_a_new_database_that_another_process_is_making(sqlite_url: str, lock: str) -> None:
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    file.parent.mkdir()
    maker = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    maker.execute(f"BEGIN {lock}")
    release = Timer(0.3, maker.commit)
    release.start()
    engine = create_engine(sqlite_url)
    migrate(engine)  # waits, also where SQLite refuses the write-ahead log at once
    release.join()
    maker.close()
    engine.dispose()


@pytest.mark.parametrize(
    ("address", "found"),
    [("127.0.0.1:1", "Connection refused"), ("nowhere.invalid:5432", "failed to resolve host")],
)
def test_a_server_that_is_away(address: str, found: str) -> None:
    engine = create_engine(f"postgresql://bob:s3cret@{address}/triptych")
    with pytest.raises(DatabaseUnavailable, match=found) as caught:
        migrate(engine)
    message = str(caught.value)
    assert message.startswith(f"PostgreSQL database 'triptych' at {address}: ")
    assert "Check that the server runs, that TRIPTYCH_DATABASE_URL names its host" in message


def test_a_database_that_the_server_does_not_have(postgresql_server: Any) -> None:
    engine = create_engine(postgresql_server.get_uri(database="nothing"))
    with pytest.raises(DatabaseUnavailable, match='database "nothing" does not exist'):
        migrate(engine)


def test_a_server_that_restarts_is_found_again(postgresql_url: str) -> None:
    engine = create_engine(postgresql_url)
    migrate(engine)
    with psycopg.connect(postgresql_url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert _read_all(engine) == []
    engine.dispose()


def test_a_connection_that_is_lost_in_a_transaction(postgresql_url: str) -> None:
    engine = create_engine(postgresql_url)
    terminate = text("SELECT pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(DatabaseUnavailable, match="Run again later"), engine.begin() as connection:
        connection.execute(terminate)
    engine.dispose()


def test_a_connection_that_is_lost_while_rows_are_sent(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("triptych.store.writes._CHUNK", 10)
    engine = create_engine(postgresql_url)
    migrate(engine)

    def rows() -> Iterator[Any]:
        yield from (place(f"place-{n}") for n in range(100))
        with psycopg.connect(postgresql_url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        yield from (place(f"place-{n}") for n in range(100, 20_000))

    with pytest.raises(DatabaseUnavailable, match=r"Run again|server runs"), engine.begin() as lost:
        upsert(lost, locations, locations.columns.keys(), rows())
    assert _read_all(engine) == []
    engine.dispose()


@pytest.fixture
def locked_url(postgresql_server: Any, postgresql_url: str) -> Iterator[str]:
    """The URL of a database whose user needs a password, with the right one."""
    rules = Path(postgresql_server.pgdata) / "pg_hba.conf"
    before = rules.read_text()
    name = f"bob_{uuid4().hex}"
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN SUPERUSER PASSWORD 's3cret-pässword'")
        rules.write_text(f"local all {name} scram-sha-256\n{before}")
        connection.execute("SELECT pg_reload_conf()")
        _wait_until_asked(postgresql_url.replace("postgres:@", f"{name}:@"))
        yield postgresql_url.replace("postgres:@", f"{name}:s3cret-p%C3%A4ssword@")
        rules.write_text(before)
        connection.execute("SELECT pg_reload_conf()")


def _wait_until_asked(url: str) -> None:
    """Wait for the server to have read its rules: it does so soon after it was told."""
    for _ in range(200):
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            return
        time.sleep(0.02)
    raise AssertionError("the server lets a user in without the password")


def test_the_right_password_is_nowhere(locked_url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    engine = create_engine(locked_url)
    migrate(engine)
    with pytest.raises(StoreError) as caught, engine.begin() as connection:
        connection.execute(text("SELECT nothing"))
    query = "password=s3cret-in-query&sslpassword=s3cret-of-the-key"
    in_query = create_engine(f"postgresql://bob@localhost/triptych?{query}")
    shown = [caplog.text, repr(engine), repr(in_query), str(engine.url), str(in_query.url)]
    shown += traceback.format_exception(caught.value)
    assert "bob" in "".join(shown)
    assert "s3cret" not in "".join(shown)
    engine.dispose()


def test_a_password_in_the_query_is_used(locked_url: str) -> None:
    engine = create_engine(
        locked_url.replace(":s3cret-p%C3%A4ssword@", "@") + "&password=s3cret-pässword"
    )
    migrate(engine)
    engine.dispose()


def test_a_user_without_rights(postgresql_url: str) -> None:
    name = f"eve_{uuid4().hex}"
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN")
        (schema,) = connection.execute("SELECT current_schema()").fetchone() or ()
        connection.execute(f"GRANT USAGE ON SCHEMA {schema} TO {name}")
    eve = create_engine(postgresql_url.replace("postgres:@", f"{name}:@"))
    with pytest.raises(DatabaseUnavailable, match=r"permission denied .* Give this user the right"):
        migrate(eve)
    eve.dispose()


def test_what_nobody_expected(engine: Engine) -> None:
    match = r"syntax error.*Unexpected \(.*\): please report"
    with pytest.raises(StoreError, match=match), engine.begin() as connection:
        connection.execute(text("SELEC 1"))


def test_a_long_answer_is_cut(engine: Engine) -> None:
    row = MODEL | {"stage": "retired", "parameters": {"planted": "x " * 5_000}}
    with pytest.raises(StoreError, match="ck_models_stage") as caught, engine.begin() as connection:
        upsert(connection, models, list(row), [tuple(row.values())])
    assert len(str(caught.value)) < 800


def test_a_wrong_password(locked_url: str) -> None:
    engine = create_engine(locked_url.replace("s3cret", "s3cret-mistyped"))
    with pytest.raises(DatabaseUnavailable, match="password authentication failed") as caught:
        migrate(engine)
    assert "the user and password are right" in str(caught.value)
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))


def _read_all(engine: Any) -> list[Any]:
    with reading(engine) as connection:
        return list(connection.execute(select(locations)).all())
