"""What a user reads when the database is damaged, unavailable or closed to them."""

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

from tests.fixtures.databases import write_rows
from tests.store.rows import add_places, place, write_model
from triptych.store.engine import create_engine, reading
from triptych.store.errors import CorruptDatabase, DatabaseUnavailable, StoreError
from triptych.store.migrate import migrate
from triptych.store.tables import locations


def read_all(engine: Engine) -> list[Any]:
    with reading(engine) as connection:
        return list(connection.execute(select(locations)).all())


def end_others(url: str) -> None:
    """End all other connections to a database."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


class TestSqlite:
    def test_a_file_that_is_no_database(self, tmp_path: Path) -> None:
        file = tmp_path / "triptych.db"
        file.write_bytes(b"this is a text, long enough to be taken for a header of SQLite\n" * 40)
        with pytest.raises(CorruptDatabase) as caught:
            migrate(create_engine(f"sqlite:///{file}"))
        assert str(caught.value) == (
            f"SQLite database {file}: file is not a database. It is not a complete SQLite "
            "database. Restore it from a backup, or move it away and run again: a new one is "
            "created."
        )

    @pytest.mark.parametrize("damage", ["overwritten", "cut"])
    def test_a_damaged_file(self, sqlite_url: str, damage: str) -> None:
        engine = create_engine(sqlite_url)
        migrate(engine)
        add_places(engine, *(f"place-{n}" for n in range(2_000)))
        engine.dispose()
        file = Path(str(engine.url.database))
        whole = file.read_bytes()
        half = len(whole) // 2
        planted = b"\xff" * 4096 * 8 + whole[half + 4096 * 8 :]
        file.write_bytes(whole[:half] + (planted if damage == "overwritten" else b""))
        with pytest.raises(CorruptDatabase, match=r"malformed\. .* Restore it from a backup"):
            read_all(create_engine(sqlite_url))

    # Root may write anywhere: a path below a file, or in the kernel's folders, is closed to it too.
    @pytest.mark.parametrize("below", ["file", "file/folder", "file/folder/deeper"])
    def test_a_folder_below_a_file(self, tmp_path: Path, below: str) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(DatabaseUnavailable, match=r"folder cannot be made .* can write to"):
            migrate(create_engine(f"sqlite:///{tmp_path}/{below}/triptych.db"))

    def test_a_folder_that_takes_no_file_or_is_in_its_place(self, tmp_path: Path) -> None:
        with pytest.raises(DatabaseUnavailable, match="writable by this user"):
            migrate(create_engine("sqlite:////proc/self/triptych.db"))
        with pytest.raises(DatabaseUnavailable, match="unable to open database file"):
            migrate(create_engine(f"sqlite:///{tmp_path}"))

    def test_a_database_that_another_process_has_locked(
        self, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("triptych.store.engine._BUSY_TIMEOUT_S", 0.05)
        holder, engine = create_engine(sqlite_url), create_engine(sqlite_url)
        with holder.begin(), pytest.raises(DatabaseUnavailable, match="process has locked it"):
            migrate(engine)
        holder.dispose()
        engine.dispose()

    @pytest.mark.parametrize("lock", ["EXCLUSIVE", "IMMEDIATE"])
    def test_a_new_database_that_another_process_creates(self, sqlite_url: str, lock: str) -> None:
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


class TestPostgresql:
    @pytest.mark.parametrize(
        ("address", "found"),
        [
            ("127.0.0.1:1", "Connection refused"),
            ("nowhere.invalid:5432", "failed to resolve host"),
        ],
    )
    def test_a_server_that_does_not_respond(self, address: str, found: str) -> None:
        engine = create_engine(f"postgresql://bob:s3cret@{address}/triptych")
        with pytest.raises(DatabaseUnavailable, match=found) as caught:
            migrate(engine)
        message = str(caught.value)
        assert message.startswith(f"PostgreSQL database 'triptych' at {address}: ")
        assert "Check that the server runs, that TRIPTYCH_DATABASE_URL names its host" in message

    def test_a_database_that_the_server_does_not_have(self, postgresql_server: Any) -> None:
        engine = create_engine(postgresql_server.get_uri(database="nothing"))
        with pytest.raises(DatabaseUnavailable, match='database "nothing" does not exist'):
            migrate(engine)

    def test_lost_connections(self, empty_postgresql: Engine, postgresql_url: str) -> None:
        engine = empty_postgresql
        migrate(engine)
        end_others(postgresql_url)  # as a server that restarts
        assert read_all(engine) == []
        terminate = text("SELECT pg_terminate_backend(pg_backend_pid())")
        with (
            pytest.raises(DatabaseUnavailable, match="Run again later"),
            engine.begin() as connection,
        ):
            connection.execute(terminate)

        def rows() -> Iterator[Any]:
            yield from (place(f"place-{n}") for n in range(100))
            end_others(postgresql_url)
            yield from (place(f"place-{n}") for n in range(100, 20_000))

        with (
            pytest.raises(DatabaseUnavailable, match=r"Run again|server runs"),
            engine.begin() as lost,
        ):
            write_rows(lost, locations, locations.columns.keys(), rows(), chunk=10)
        assert read_all(engine) == []

    def test_a_user_without_rights(self, postgresql_url: str) -> None:
        name = f"eve_{uuid4().hex}"
        with psycopg.connect(postgresql_url, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {name} LOGIN")
            (schema,) = connection.execute("SELECT current_schema()").fetchone() or ()
            connection.execute(f"GRANT USAGE ON SCHEMA {schema} TO {name}")
        eve = create_engine(postgresql_url.replace("postgres:@", f"{name}:@"))
        match = r"permission denied .* Grant this user the right"
        with pytest.raises(DatabaseUnavailable, match=match):
            migrate(eve)
        eve.dispose()


class TestPassword:
    @pytest.fixture
    def locked_url(self, postgresql_server: Any, postgresql_url: str) -> Iterator[str]:
        """The URL of a database whose user needs a password, with the right one."""
        rules = Path(postgresql_server.pgdata) / "pg_hba.conf"
        before = rules.read_text()
        name = f"bob_{uuid4().hex}"
        with psycopg.connect(postgresql_url, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {name} LOGIN SUPERUSER PASSWORD 's3cret-pässword'")
            rules.write_text(f"local all {name} scram-sha-256\n{before}")
            connection.execute("SELECT pg_reload_conf()")
            self.wait_until_required(postgresql_url.replace("postgres:@", f"{name}:@"))
            yield postgresql_url.replace("postgres:@", f"{name}:s3cret-p%C3%A4ssword@")
            rules.write_text(before)
            connection.execute("SELECT pg_reload_conf()")

    def wait_until_required(self, url: str) -> None:
        """Wait until the server has read its rules."""
        for _ in range(200):
            try:
                psycopg.connect(url).close()
            except psycopg.OperationalError:
                return
            time.sleep(0.02)
        raise AssertionError("the server lets a user in without the password")

    def test_it_is_shown_nowhere(self, locked_url: str, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        engine = create_engine(locked_url)
        migrate(engine)
        with pytest.raises(StoreError) as caught, engine.begin() as connection:
            connection.execute(text("SELECT nothing"))
        query = "password=s3cret-in-query&sslpassword=s3cret-of-the-key"
        in_query = create_engine(f"postgresql://bob@localhost:1/triptych?{query}")
        with pytest.raises(DatabaseUnavailable, match="'triptych' at localhost:1") as away:
            in_query.connect()
        shown = [caplog.text, repr(engine), repr(in_query), str(engine.url), str(in_query.url)]
        shown += traceback.format_exception(caught.value) + traceback.format_exception(away.value)
        assert "bob" in "".join(shown)
        assert "s3cret" not in "".join(shown)
        engine.dispose()

    def test_it_may_be_in_the_query_and_a_wrong_one_is_not_shown(self, locked_url: str) -> None:
        engine = create_engine(
            locked_url.replace(":s3cret-p%C3%A4ssword@", "@") + "&password=s3cret-pässword"
        )
        migrate(engine)
        engine.dispose()
        wrong = create_engine(locked_url.replace("s3cret", "s3cret-mistyped"))
        with pytest.raises(DatabaseUnavailable, match="password authentication failed") as caught:
            migrate(wrong)
        assert "the user and password are right" in str(caught.value)
        assert "s3cret" not in "".join(traceback.format_exception(caught.value))


def test_an_unexpected_error_is_to_be_reported_and_a_long_one_is_cut(engine: Engine) -> None:
    match = r"syntax error.*Unexpected \(.*\): please report"
    with pytest.raises(StoreError, match=match), engine.begin() as connection:
        connection.execute(text("SELEC 1"))
    with pytest.raises(StoreError, match="ck_models_stage") as caught:
        write_model(engine, stage="retired", parameters={"planted": "x " * 5_000})
    assert len(str(caught.value)) < 800
