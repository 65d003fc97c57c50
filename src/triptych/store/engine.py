"""Open a database: SQLite or PostgreSQL, for writing or for reading only."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.engine import ExceptionContext

from triptych.store.errors import DatabaseUnavailable, StoreError
from triptych.store.faults import explain, name_database

_BUSY_TIMEOUT_S = 60  # a writer waits this long for another
_READ_BUSY_TIMEOUT_S = 5
_CONNECT_TIMEOUT_S = 10
_STATEMENT_TIMEOUT_S = 600
_READ_STATEMENT_TIMEOUT_S = 30
_READS_ONLY = "triptych_reads_only"
_FORMS = "sqlite:////absolute/path.db or postgresql://user:password@host:5432/database"


def create_engine(url: str, *, read_only: bool = False) -> Engine:
    """Make the engine of a database; it connects at the first use.

    Every error of the driver comes out as a StoreError, whichever statement raised it.
    On SQLite a transaction is real (also for DDL and reads) and takes the write lock at its
    start, unless the engine is `read_only` or the connection comes from `reading`.

    Args:
        url: `sqlite:///file` or `postgresql://…` (psycopg 3 is the driver).
        read_only: refuse every write, and do not make a SQLite file that is not there.

    Raises:
        StoreError: the URL is no URL, or of another kind of database.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        engine = sqlalchemy.create_engine(parsed)
        _prepare_sqlite(engine, read_only)
    else:
        engine = sqlalchemy.create_engine(
            parsed, pool_pre_ping=True, connect_args=_postgresql_arguments(parsed, read_only)
        )
    event.listen(engine, "handle_error", _translate)
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Connect to read: one view of the data for all statements, and no writer is held up."""
    options: dict[str, Any] = {_READS_ONLY: True}
    if engine.dialect.name == "postgresql":
        options = {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}
    with engine.connect() as connection:
        yield connection.execution_options(**options)


def _parse(url: str) -> URL:
    """Read the URL; its text is in no message, since a mistyped one may hold a password."""
    try:
        parsed = sqlalchemy.make_url(url)
    except (sqlalchemy.exc.ArgumentError, ValueError):
        raise StoreError(
            "The database URL cannot be read (it is not shown: it may hold a password). "
            f"Give {_FORMS}; in a password, write @ : / # as %40 %3A %2F %23."
        ) from None
    if parsed.drivername in {"sqlite", "sqlite+pysqlite"} and parsed.database not in {
        None,
        "",
        ":memory:",
    }:
        return parsed
    if parsed.drivername in {"postgresql", "postgres", "postgresql+psycopg"}:
        return _hide_password(parsed.set(drivername="postgresql+psycopg"))
    raise StoreError(
        f"A database URL starts with sqlite:/// and a file, or with postgresql://; this one is of "
        f"the kind {parsed.drivername!r} with the database {parsed.database!r}. Give {_FORMS}."
    )


def _hide_password(url: URL) -> URL:
    """Move a password out of the query string, which SQLAlchemy prints as it is."""
    password = url.query.get("password")
    if isinstance(password, str):
        url = url.set(password=password)
    return url.difference_update_query(["password"])


def _translate(context: ExceptionContext) -> StoreError | None:
    error = context.original_exception
    if context.engine is None or not isinstance(error, context.dialect.loaded_dbapi.Error):
        return None  # a mistake in the program, not the database's answer
    return explain(error, context.engine.url)


def _postgresql_arguments(url: URL, read_only: bool) -> dict[str, Any]:
    timeout = _READ_STATEMENT_TIMEOUT_S if read_only else _STATEMENT_TIMEOUT_S
    options = [
        str(url.query.get("options", "")),
        "-c timezone=UTC",
        f"-c statement_timeout={timeout}s",
        *(["-c default_transaction_read_only=on"] if read_only else []),
    ]
    return {
        "connect_timeout": url.query.get("connect_timeout", _CONNECT_TIMEOUT_S),
        "options": " ".join(options).strip(),
    }


def _prepare_sqlite(engine: Engine, read_only: bool) -> None:
    file = Path(str(engine.url.database)).absolute()

    def before_connecting(
        _dialect: object, _record: object, arguments: list[Any], options: dict[str, Any]
    ) -> None:
        if read_only:
            arguments[0] = f"{file.as_uri()}?mode=ro"
            options["uri"] = True
            return
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DatabaseUnavailable(
                f"{name_database(engine.url)}: its folder cannot be made ({error}). "
                "Name a folder that this user can write to."
            ) from error

    def once_connected(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # BEGIN is ours, below; sqlite3 would leave it out
        timeout = _READ_BUSY_TIMEOUT_S if read_only else _BUSY_TIMEOUT_S
        connection.execute(f"PRAGMA busy_timeout={timeout * 1000}")
        connection.execute("PRAGMA foreign_keys=ON")
        if read_only:
            connection.execute("PRAGMA query_only=ON")
        else:
            _switch_to_wal(connection)
            connection.execute("PRAGMA synchronous=NORMAL")

    def begin(connection: Connection) -> None:
        reads_only = read_only or connection.get_execution_options().get(_READS_ONLY, False)
        # A reader that turns writer half-way fails at once if another has written meanwhile.
        connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")

    event.listen(engine, "do_connect", before_connecting)
    event.listen(engine, "connect", once_connected)
    event.listen(engine, "begin", begin)


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Turn write-ahead logging on; SQLite's own timeout does not cover two that do so at once."""
    give_up = time.monotonic() + _BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() > give_up:
                raise
            time.sleep(0.02)
        else:
            return
