"""The API's one way to the database: a read, given as a function of a connection."""

import os
from collections.abc import Callable
from contextlib import closing
from typing import Any, TypeVar

from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection, Engine, Select, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import PoolProxiedConnection

from api.prepared import PreparedRead
from triptych.store.engine import create_engine, reading
from triptych.store.faults import explain, name_database
from triptych.store.migrate import check_schema

T = TypeVar("T")

_FILE = "triptych_file"
# The event loop waits as long, so not the minute that the pipelines wait.
_BUSY_TIMEOUT_MS = 100


class Database:
    """An engine that only reads, and the choice of the thread that it reads in.

    A brief read of SQLite takes less time than handing it to a thread, so it runs where it is
    asked for. Long reads, and those of a server, which may be slow or away, run in the thread
    pool: the event loop goes on answering. The schema is checked again after each new connection.

    Args:
        url: the database's URL; nothing is opened before the first read.

    Raises:
        StoreError: the URL is no URL, or of another kind of database.
    """

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url, read_only=True)
        self._inline = self._engine.dialect.name == "sqlite"
        self._prepared: dict[Select[Any], PreparedRead] = {}
        self._held: PoolProxiedConnection | None = None
        self._checked = False
        if self._inline:
            _watch_file(self._engine)
        event.listen(self._engine, "connect", self._connected)

    @property
    def name(self) -> str:
        """The database's name for a log line, without user or password."""
        return name_database(self._engine.url)

    async def run(self, read: Callable[[Connection], T]) -> T:
        """Do a read in one transaction.

        Raises:
            StoreError: the database is away, or its schema is not the one of this version.
        """
        return await run_in_threadpool(self._run, read)

    async def fetch(self, statement: Select[Any], values: dict[str, Any]) -> list[tuple[Any, ...]]:
        """Do a brief read: a few rows by an index, with one statement of `api.queries`.

        The rows are the driver's, see `PreparedRead`.

        Raises:
            StoreError: the database is away, or its schema is not the one of this version.
        """
        if self._inline:
            return self._fetch(statement, values)
        return await run_in_threadpool(self._fetch, statement, values)

    async def check(self) -> None:
        """Raise StoreError unless the database answers and holds the schema of this version."""
        await run_in_threadpool(check_schema, self._engine)

    def close(self) -> None:
        """Close every connection."""
        self._release()
        self._engine.dispose()

    def _run(self, read: Callable[[Connection], T]) -> T:
        self._check_once()
        with reading(self._engine) as connection:
            return read(connection)

    def _fetch(self, statement: Select[Any], values: dict[str, Any]) -> list[tuple[Any, ...]]:
        self._check_once()
        prepared = self._prepared.get(statement)
        if prepared is None:
            prepared = self._prepared[statement] = PreparedRead(statement, self._engine.dialect)
        try:
            if self._inline:
                return prepared.fetch(self._hold().cursor(), values)
            with closing(self._engine.raw_connection()) as connection:
                return prepared.fetch(connection.cursor(), values)
        except self._engine.dialect.loaded_dbapi.Error as error:  # not seen by the engine
            self._release()
            raise explain(error, self._engine.url) from error

    def _hold(self) -> PoolProxiedConnection:
        """Keep one connection for the event loop: the pool costs as much as the query."""
        if self._held is None or not _is_current(self._held.info, self._engine):
            self._release()
            self._held = self._engine.raw_connection()
        return self._held

    def _release(self) -> None:
        if self._held is not None:
            self._held.close()
            self._held = None

    def _check_once(self) -> None:
        if not self._checked:
            check_schema(self._engine)
            self._checked = True

    def _connected(self, _connection: object, _record: object) -> None:
        self._checked = False


def _watch_file(engine: Engine) -> None:
    """Drop connections to a SQLite file that was removed or replaced: they answer old rows."""

    def connected(connection: Any, record: Any) -> None:
        connection.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
        record.info[_FILE] = _identify_file(engine)

    def taken(_connection: object, record: Any, _proxy: object) -> None:
        if not _is_current(record.info, engine):
            raise DisconnectionError("the file is another than the one that was opened")

    event.listen(engine, "connect", connected)
    event.listen(engine, "checkout", taken)


def _is_current(info: dict[Any, Any], engine: Engine) -> bool:
    return bool(info[_FILE] == _identify_file(engine))


def _identify_file(engine: Engine) -> tuple[int, int] | None:
    try:
        found = os.stat(str(engine.url.database))  # noqa: PTH116  a Path takes thrice as long
    except OSError:
        return None
    return found.st_dev, found.st_ino
