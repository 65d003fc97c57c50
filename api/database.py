"""The API's one way to the database: a read, given as a function of a connection."""

from collections.abc import Callable, Hashable
from contextlib import closing
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from sqlalchemy import Connection, Select
from sqlalchemy.pool import PoolProxiedConnection

from api.files import is_current, watch_file
from api.prepared import PreparedRead
from api.sharing import SharedRead
from api.versions import State, look_at_file, look_at_server
from triptych.store.engine import create_engine, reading
from triptych.store.faults import explain, name_database
from triptych.store.migrate import check_revision, check_schema

T = TypeVar("T")


class Database:
    """An engine that only reads.

    `run` and `fetch` block: call them in a worker thread. `read_version` and `check` are for the
    event loop. On SQLite the version takes microseconds; a server, which may be slow or away, is
    asked in a thread of its own, which does not wait for those of the routes.

    Args:
        url: the database's URL; nothing is opened before the first read.

    Raises:
        StoreError: the URL is no URL, or of another kind of database.
    """

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url, read_only=True)
        self._is_file = self._engine.dialect.name == "sqlite"
        self._prepared: dict[Select[Any], PreparedRead] = {}
        self._held: PoolProxiedConnection | None = None
        self._opened = 0
        self._state: State | None = None
        self._own_thread = CapacityLimiter(1)
        self._shared_look = SharedRead(
            lambda: to_thread.run_sync(self._look_at_server, limiter=self._own_thread)
        )
        if self._is_file:
            watch_file(self._engine)

    @property
    def name(self) -> str:
        """The database's name for a log line, without user or password."""
        return name_database(self._engine.url)

    async def read_version(self) -> Hashable | None:
        """Say which state the data are in now; None if it cannot be told.

        While the version is the same, every read gives the same.

        Raises:
            StoreError: the database is away, or its schema is not the one of this version.
        """
        state = self._look_at_file() if self._is_file else await self._shared_look.get()
        if state != self._state:
            check_revision(state.schema, self._engine)
            self._state = state
        return state.version

    def run(self, read: Callable[[Connection], T]) -> T:
        """Do a read in one transaction.

        Raises:
            StoreError: the database is away, or its tables are not those of this version.
        """
        with reading(self._engine) as connection:
            return read(connection)

    def fetch(self, statement: Select[Any], values: dict[str, Any]) -> list[tuple[Any, ...]]:
        """Do a brief read: a few rows by an index, with one statement of `api.queries`.

        The rows are the driver's, see `PreparedRead`.

        Raises:
            StoreError: the database is away, or its tables are not those of this version.
        """
        prepared = self._prepared.get(statement)
        if prepared is None:
            prepared = self._prepared[statement] = PreparedRead(statement, self._engine.dialect)
        with closing(self._engine.raw_connection()) as connection:
            try:
                return prepared.fetch(connection.cursor(), values)
            except self._engine.dialect.loaded_dbapi.Error as error:  # not seen by the engine
                raise explain(error, self._engine.url) from error

    async def check(self) -> None:
        """Raise StoreError unless the database answers and holds the schema of this version."""
        await to_thread.run_sync(check_schema, self._engine, limiter=self._own_thread)

    def close(self) -> None:
        """Close every connection."""
        self._release()
        self._engine.dispose()

    def _look_at_file(self) -> State:
        return self._ask(lambda held: look_at_file(held.cursor(), self._opened, self._state))

    def _look_at_server(self) -> State:
        if self._held is not None:
            try:
                return look_at_server(self._held.cursor())
            except self._engine.dialect.loaded_dbapi.Error:
                self._release()  # it may have restarted: once more, with a new connection
        return self._ask(lambda held: look_at_server(held.cursor()))

    def _ask(self, read: Callable[[PoolProxiedConnection], T]) -> T:
        """Read with the one connection that is kept: the pool costs as much as the query."""
        try:
            return read(self._hold())
        except self._engine.dialect.loaded_dbapi.Error as error:  # not seen by the engine
            self._release()
            raise explain(error, self._engine.url) from error

    def _hold(self) -> PoolProxiedConnection:
        if (
            self._held is not None
            and self._is_file
            and not is_current(self._held.info, self._engine)
        ):
            self._release()
        if self._held is None:
            self._held = self._engine.raw_connection()
            self._opened += 1
            if not self._is_file:
                driver: Any = self._held.driver_connection
                driver.autocommit = True  # each look sees what is there now
        return self._held

    def _release(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            held.invalidate()
