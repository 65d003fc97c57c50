"""How SQLite is opened: write-ahead log, foreign keys, waiting for others, real transactions."""

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event

from triptych.store.driver_errors import name_database
from triptych.store.errors import DatabaseUnavailable

READS_ONLY = "triptych_reads_only"  # the execution option of a connection that takes no write lock
_BUSY_TIMEOUT_S = 60  # a writer waits this long for another
_READ_BUSY_TIMEOUT_S = 5
_CACHE_KB = 64 * 1024  # SQLite's own 2 MB spill a batch to disk before it is committed


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file. `%` and `?` mean something in a URL; all else stays readable."""
    return "sqlite:///" + str(path).replace("%", "%25").replace("?", "%3F")


def prepare(engine: Engine, read_only: bool) -> None:
    """Configure every connection of a SQLite engine, and make its transactions real.

    Python's sqlite3 begins none for DDL and reads. See "Enabling Non-Legacy SQLite Transactional
    Modes" in SQLAlchemy's documentation of SQLite.
    """
    file = Path(str(engine.url.database)).absolute()

    @event.listens_for(engine, "do_connect")
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

    @event.listens_for(engine, "connect")
    def once_connected(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # BEGIN is ours, below; sqlite3 would leave it out
        timeout = _READ_BUSY_TIMEOUT_S if read_only else _BUSY_TIMEOUT_S
        connection.execute(f"PRAGMA busy_timeout={timeout * 1000}")
        connection.execute("PRAGMA foreign_keys=ON")
        if read_only:
            connection.execute("PRAGMA query_only=ON")
            return
        with suppress(sqlite3.OperationalError):  # two at once: the next connection does it
            connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(f"PRAGMA cache_size=-{_CACHE_KB}")
        connection.execute(f"PRAGMA temp.cache_size=-{_CACHE_KB}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reads_only = read_only or connection.get_execution_options().get(READS_ONLY, False)
        # A reader that turns writer half-way fails at once if another has written meanwhile.
        connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")
