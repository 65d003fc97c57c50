"""Opening a database: what is set, what is refused, and what the user reads."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tests.store.rows import add_places
from triptych.store.database import open_database
from triptych.store.driver_errors import mask_passwords
from triptych.store.engine import create_engine, reading
from triptych.store.errors import DatabaseUnavailable, SchemaError, StoreError
from triptych.store.migrate import check_schema, migrate


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("foreign_keys", 1), ("synchronous", 1), ("busy_timeout", 60_000)],
)
def test_sqlite_is_set_for_safety_and_speed(sqlite_url: str, pragma: str, value: object) -> None:
    engine = create_engine(sqlite_url)
    with engine.connect() as connection:
        assert connection.scalar(text(f"PRAGMA {pragma}")) == value
    engine.dispose()


def test_postgresql_answers_in_utc_and_not_for_ever(postgresql_url: str) -> None:
    engine = create_engine(postgresql_url)
    with engine.connect() as connection:
        assert connection.scalar(text("SHOW timezone")) == "UTC"
        assert connection.scalar(text("SHOW statement_timeout")) == "10min"
    engine.dispose()


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("statement_timeout", "10s"),
        ("lock_timeout", "3s"),
        ("default_transaction_read_only", "on"),
        ("idle_in_transaction_session_timeout", "1min"),
        ("TimeZone", "UTC"),
    ],
)
def test_a_reader_of_postgresql_waits_for_little(
    postgresql_url: str, setting: str, value: str
) -> None:
    engine = create_engine(postgresql_url, read_only=True)
    with engine.connect() as connection:
        assert connection.scalar(text(f"SHOW {setting}")) == value
    engine.dispose()


def test_a_reader_holds_ten_connections_at_most(postgresql_url: str) -> None:
    engine = create_engine(postgresql_url, read_only=True)
    held = [engine.connect() for _ in range(10)]
    with pytest.raises(PoolTimeout):
        engine.connect()
    for connection in held:
        connection.close()
    engine.dispose()


def test_the_folder_is_made_at_the_first_use(tmp_path: Path) -> None:
    folder = tmp_path / "a folder" / "é%20?#"
    engine = create_engine(f"sqlite:///{tmp_path}/a folder/é%20#/t.db")
    assert not folder.parent.exists()
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    engine.dispose()
    assert [file.name for file in (tmp_path / "a folder").rglob("*.db")] == ["t.db"]


@pytest.mark.parametrize(
    "statement", ["CREATE TABLE planted (x INTEGER)", "DELETE FROM locations", "DROP TABLE models"]
)
def test_read_only_refuses_every_write(engine: Engine, statement: str) -> None:
    add_places(engine, "paris")
    reader = create_engine(_url(engine), read_only=True)
    with pytest.raises(DatabaseUnavailable, match=r"read-?only"), reader.begin() as connection:
        connection.execute(text(statement))
    with reader.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM locations")) == 1
    reader.dispose()


def test_read_only_makes_no_file(tmp_path: Path) -> None:
    reader = create_engine(f"sqlite:///{tmp_path}/none/triptych.db", read_only=True)
    with pytest.raises(DatabaseUnavailable, match="`kedro run` makes it"), reader.connect():
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_reader_needs_no_writer(sqlite_url: str) -> None:
    open_database(sqlite_url).dispose()  # the last writer takes its log away
    reader = create_engine(sqlite_url, read_only=True)
    check_schema(reader)
    reader.dispose()


def test_a_transaction_takes_its_tables_back(database_url: str) -> None:
    engine = create_engine(database_url)
    with pytest.raises(ZeroDivisionError), engine.begin() as connection:
        connection.execute(text("CREATE TABLE planted (x INTEGER)"))
        connection.execute(text("INSERT INTO planted VALUES (1)"))
        _ = 1 / 0
    with pytest.raises(SchemaError), engine.connect() as connection:
        connection.execute(text("SELECT * FROM planted"))
    engine.dispose()


def test_a_reader_keeps_its_view_and_holds_no_writer_up(engine: Engine) -> None:
    count = text("SELECT count(*) FROM locations")
    with reading(engine) as reader:
        assert reader.scalar(count) == 0
        add_places(engine, "paris")
        assert reader.scalar(count) == 0
    with reading(engine) as reader:
        assert reader.scalar(count) == 1


def test_reading_cannot_write_on_postgresql(postgresql_url: str) -> None:
    engine = create_engine(postgresql_url)
    with pytest.raises(DatabaseUnavailable, match="read-only"), reading(engine) as connection:
        connection.execute(text("CREATE TABLE planted (x INTEGER)"))
    with engine.begin() as connection:  # the connection goes back to the pool as it was
        connection.execute(text("CREATE TABLE planted (x INTEGER)"))
    engine.dispose()


def test_foreign_keys_hold(engine: Engine) -> None:
    orphan = text(
        "INSERT INTO weather_3h (location, time, hours_observed, hours_interpolated)"
        " VALUES ('atlantis', '2019-07-14T00:00:00Z', 3, 0)"
    )
    with pytest.raises(StoreError, match=r"(?i)foreign key"), engine.begin() as connection:
        connection.execute(orphan)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_takes_psycopg_3(postgresql_url: str, scheme: str) -> None:
    engine = create_engine(postgresql_url.replace("postgresql", scheme, 1))
    assert engine.url.drivername == "postgresql+psycopg"
    migrate(engine)
    engine.dispose()


@pytest.mark.parametrize(
    "url",
    [
        "mysql://bob:s3cret@host/db",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:////x/y.db?mode=ro",
        "s3cret",
        "",
    ],
)
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


def test_a_password_may_be_an_option() -> None:
    url = "postgresql://triptych@127.0.0.1:1/db?password=S3cr%40tPa55&connect_timeout=1"
    with pytest.raises(StoreError) as caught, create_engine(url).connect():
        pass
    assert "PostgreSQL database 'db' at 127.0.0.1:1" in str(caught.value)
    assert "S3cr" not in str(caught.value)


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


def _url(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)
