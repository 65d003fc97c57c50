"""Opening a database: what is configured, what is refused, and what the user reads."""

import os
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tests.store.rows import add_places
from triptych.store.engine import create_engine, reading
from triptych.store.errors import DatabaseUnavailable, StoreError, mask_passwords
from triptych.store.migrate import check_schema, close_database, open_database


def test_a_process_keeps_one_engine_and_a_fork_makes_its_own(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_database(database_url)
    check_schema(engine)
    assert open_database(database_url) is engine
    close_database(database_url)
    assert open_database(database_url) is engine
    with monkeypatch.context() as forked:
        forked.setattr(os, "getpid", lambda: -1)
        child = open_database(database_url)
        close_database(database_url)
    assert child is not engine


def test_sqlite_is_configured_for_safety_and_speed(sqlite_url: str) -> None:
    engine = create_engine(sqlite_url)
    settings = {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 1, "busy_timeout": 60_000}
    with engine.connect() as connection:
        for name, value in settings.items():
            assert connection.scalar(text(f"PRAGMA {name}")) == value
    engine.dispose()


READER = {"statement_timeout": "10s", "lock_timeout": "3s", "default_transaction_read_only": "on"}
READER |= {"idle_in_transaction_session_timeout": "1min"}


@pytest.mark.parametrize(
    ("read_only", "settings"), [(False, {"statement_timeout": "10min"}), (True, READER)]
)
def test_postgresql_answers_in_utc_and_gives_up_in_time(
    postgresql_url: str, read_only: bool, settings: dict[str, str]
) -> None:
    engine = create_engine(postgresql_url, read_only=read_only)
    with engine.connect() as connection:
        for name, value in {"timezone": "UTC", **settings}.items():
            assert connection.scalar(text(f"SHOW {name}")) == value
    engine.dispose()


def test_a_reader_holds_ten_connections_at_most(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(create_engine.__globals__["_READ_POOL"], "pool_timeout", 0.1)
    engine = create_engine(postgresql_url, read_only=True)
    held = [engine.connect() for _ in range(10)]
    with pytest.raises(PoolTimeout):
        engine.connect()
    for connection in held:
        connection.close()
    engine.dispose()


def test_read_only_refuses_every_write(engine: Engine) -> None:
    add_places(engine, "paris")
    reader = create_engine(engine.url.render_as_string(hide_password=False), read_only=True)
    check_schema(reader)
    for statement in (
        "CREATE TABLE planted (x INTEGER)", "DELETE FROM locations", "DROP TABLE models",
    ):  # fmt: skip
        with pytest.raises(DatabaseUnavailable, match=r"read-?only"), reader.begin() as connection:
            connection.execute(text(statement))
    with reader.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM locations")) == 1
    reader.dispose()


def test_read_only_creates_no_file_and_needs_no_writer(tmp_path: Path, sqlite_url: str) -> None:
    reader = create_engine(sqlite_url, read_only=True)
    with pytest.raises(DatabaseUnavailable, match="`kedro run` creates it"), reader.connect():
        pass
    assert list(tmp_path.iterdir()) == []
    open_database(sqlite_url).dispose()  # the last writer removes its log
    check_schema(reader)
    reader.dispose()


def test_a_reader_keeps_its_view_and_blocks_no_writer(engine: Engine) -> None:
    count = text("SELECT count(*) FROM locations")
    with reading(engine) as reader:
        assert reader.scalar(count) == 0
        add_places(engine, "paris")
        assert reader.scalar(count) == 0
    with reading(engine) as reader:
        assert reader.scalar(count) == 1


def test_reading_cannot_write_on_postgresql(empty_postgresql: Engine) -> None:
    create = text("CREATE TABLE planted (x INTEGER)")
    with (
        pytest.raises(DatabaseUnavailable, match="read-only"),
        reading(empty_postgresql) as connection,
    ):
        connection.execute(create)
    with empty_postgresql.begin() as connection:  # the connection returns to the pool unchanged
        connection.execute(create)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_uses_psycopg_3(scheme: str) -> None:
    assert create_engine(f"{scheme}://bob@host/db").url.drivername == "postgresql+psycopg"


@pytest.mark.parametrize(
    "url",
    [
        "mysql://bob:s3cret@host/db", "sqlite://", "sqlite:///:memory:",
        "sqlite:////x/y.db?mode=ro", "s3cret", "",
    ],
)  # fmt: skip
def test_another_kind_of_url_is_refused(url: str) -> None:
    with pytest.raises(
        StoreError, match=r"sqlite:////absolute/path\.db or postgresql://"
    ) as caught:
        create_engine(url)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://triptych:S3cr@tPa55@host:5432/db",
        "postgresql://triptych:S3cr@tPa/55@host:5432/db",
        "postgresql://triptych:S3cr@tPa?55@host:5432/db",
        "postgresql://triptych:S3cr@t?Pa55=x@host:5432/db",
        "postgresql://triptych:S3cr@t/Pa?55=x@host:5432/db",
        "postgresql://triptych:S3cr@tPa:55@host:5432/db",
        "postgresql://S3cr/tPa55@host:5432/db",
        "postgresql://host:5432/db?password=S3cr@tPa55",
        "postgresql://triptych@host:5432/db?password=S3cr@tPa55",
        "mysql://triptych:S3cr@tPa55/x@host/db",
        "postgresql:/triptych:S3cr@tPa55@host/db",
    ],
)
def test_no_part_of_a_password_is_shown(url: str) -> None:
    with pytest.raises(StoreError, match="it may hold a password") as caught:
        create_engine(url)
    for part in ("S3cr", "tPa", "Pa55", "55"):
        assert part not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("of postgresql://u:S3cr@tPa55@host/db.", "of postgresql://***@host/db."),
        ("'http://u:a/b@host:5000' and https://x/y", "'http://***@host:5000' and https://x/y"),
        ("postgresql://host/db?sslpassword=S3cr&x=1", "postgresql://host/db?sslpassword=***&x=1"),
        ("sqlite:////data/mlflow.db", "sqlite:////data/mlflow.db"),
        ("ada@example.org", "ada@example.org"),
    ],
)
def test_passwords_in_texts_are_masked(text: str, shown: str) -> None:
    assert mask_passwords(text) == shown
