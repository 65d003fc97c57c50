"""Open a database: SQLite or PostgreSQL, for writing or for reading only."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.engine import ExceptionContext

from triptych.store.errors import DatabaseUnavailable, StoreError, explain, name_database

_READS_ONLY = "triptych_reads_only"  # the execution option of a connection that takes no write lock
_BUSY_TIMEOUT_S = 60  # a writer waits this long for another
_READ_BUSY_TIMEOUT_S = 5
_CACHE_KB = 64 * 1024  # SQLite's own 2 MB spill a batch to disk before it is committed
_CONNECT_TIMEOUT_S = 10
_STATEMENT_TIMEOUT_S = 600
# A client waits for the reader: it gives up early, and holds few connections.
_READ_CONNECT_TIMEOUT_S = 3
_READ_SETTINGS = {
    "default_transaction_read_only": "on",
    "statement_timeout": "10s",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "60s",
}
_READ_POOL = {"pool_size": 5, "max_overflow": 5, "pool_timeout": 3, "pool_recycle": 1800}
# A server that disappears is noticed within ten seconds.
_READ_SOCKET = {
    "keepalives_idle": 10,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
_SQLITE = {"sqlite", "sqlite+pysqlite"}
_IN_MEMORY = {None, "", ":memory:"}  # gone with its connection, so of no use here
_POSTGRESQL = {"postgresql", "postgres", "postgresql+psycopg"}
_SECRETS = ("password", "sslpassword")  # SQLAlchemy shows the query string of a URL as it is
# One @ at most, before any / ? #. Elsewhere, a part of a password would be read as the host.
_UNAMBIGUOUS = re.compile(r"[^:]+://([^/?#@]*@)?[^@]*$")
_FORMS = "sqlite:////absolute/path.db or postgresql://user:password@host:5432/database"


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file. `%` and `?` mean something in a URL; all else stays readable."""
    return "sqlite:///" + str(path).replace("%", "%25").replace("?", "%3F")


def create_engine(url: str, *, read_only: bool = False) -> Engine:
    """Create the engine of a SQLite or PostgreSQL database; it connects at the first use.

    Every driver error is raised as a StoreError, and so is a wrong URL. On SQLite a transaction is
    real (also for DDL and reads) and takes the write lock at its start, unless the engine is
    `read_only` or the connection comes from `reading`. A `read_only` engine refuses every write,
    and creates no SQLite file.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        engine = sqlalchemy.create_engine(parsed)
        _prepare_sqlite(engine, read_only)
    else:
        engine = sqlalchemy.create_engine(
            parsed.difference_update_query(_SECRETS),
            connect_args=_postgresql_arguments(parsed, read_only),
            pool_pre_ping=True,
            # A connection that comes back from `reading` would begin as READ WRITE.
            execution_options={"postgresql_readonly": read_only},
            **(_READ_POOL if read_only else {}),
        )
    event.listen(engine, "handle_error", _translate)
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Connect to read: all statements see the same data, and no writer is blocked."""
    options: dict[str, Any] = {_READS_ONLY: True}
    if engine.dialect.name == "postgresql":
        options = {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}
    with engine.connect() as connection:
        yield connection.execution_options(**options)


def _parse(url: str) -> URL:
    """Parse the URL; no message shows it, since a mistyped one may hold a password."""
    parsed = None
    with suppress(sqlalchemy.exc.ArgumentError, ValueError):
        parsed = sqlalchemy.make_url(url)
    if not parsed or (parsed.get_backend_name() != "sqlite" and not _UNAMBIGUOUS.match(url)):
        raise StoreError(
            "The database URL cannot be read (it is not shown: it may hold a password). "
            f"Give {_FORMS}; in a user, password or option, write @ : / ? # % as "
            "%40 %3A %2F %3F %23 %25."
        )
    if parsed.drivername in _SQLITE and parsed.database not in _IN_MEMORY and not parsed.query:
        return parsed
    if parsed.drivername in _POSTGRESQL:
        return parsed.set(drivername="postgresql+psycopg")
    raise StoreError(
        "A database URL is sqlite:/// with a file and no option, or postgresql://; this one is of "
        f"the kind {parsed.drivername!r} with the database {parsed.database!r}. Give {_FORMS}."
    )


def _translate(context: ExceptionContext) -> StoreError | None:
    error = context.original_exception
    if context.engine is None or not isinstance(error, context.dialect.loaded_dbapi.Error):
        return None  # a mistake in the program, not the database's answer
    return explain(error, context.engine.url)


def _postgresql_arguments(url: URL, read_only: bool) -> dict[str, Any]:
    given = str(url.query.get("options", ""))
    settings = {"timezone": "UTC", "statement_timeout": f"{_STATEMENT_TIMEOUT_S}s"}
    if read_only:
        settings |= _READ_SETTINGS
    timeout = _READ_CONNECT_TIMEOUT_S if read_only else _CONNECT_TIMEOUT_S
    return {
        **(_READ_SOCKET if read_only else {}),
        **{name: url.query[name] for name in _SECRETS if name in url.query},
        "connect_timeout": url.query.get("connect_timeout", timeout),
        "options": " ".join([given, *(f"-c {name}={value}" for name, value in settings.items())]),
    }


def _prepare_sqlite(engine: Engine, read_only: bool) -> None:
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
        reads_only = read_only or connection.get_execution_options().get(_READS_ONLY, False)
        # A reader that turns writer half-way fails at once if another has written meanwhile.
        connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")
