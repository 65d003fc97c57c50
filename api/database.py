"""Read-only access to the database, and the version of its data."""

import asyncio
import os
from collections.abc import Callable, Hashable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from sqlalchemy import Connection, text
from sqlalchemy.pool import PoolProxiedConnection

from triptych.store.driver_errors import explain, name_database
from triptych.store.engine import create_engine, reading
from triptych.store.migrate import check_schema

T = TypeVar("T")

_BUSY_TIMEOUT_MS = 100  # the event loop waits for it
# Equal snapshots see the same transactions, so the same rows. That does not hold on a standby.
# Transaction numbers start again on another server.
_SNAPSHOT = text(
    "SELECT CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_current_snapshot()::text END, "
    "pg_postmaster_start_time()::text, (SELECT max(version_num) FROM alembic_version)"
)


class Database:
    """A read-only engine, and the version of the data that it reads.

    `read` blocks: call it in a worker thread. `data_version` is for the event loop. The database is
    opened at the first use; an invalid URL raises a StoreError at once.
    """

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url, read_only=True)
        self._version: Hashable | None = None  # whose schema was checked
        self._held: PoolProxiedConnection | None = None
        self._file: tuple[int, int] | None = None
        self._thread = CapacityLimiter(1)  # not shared with the routes
        self._running: asyncio.Task[Hashable] | None = None
        self._waiting: asyncio.Task[Hashable] | None = None

    @property
    def name(self) -> str:
        """The database's name for log lines, without user or password."""
        return name_database(self._engine.url)

    def read(self, query: Callable[[Connection], T]) -> T:
        """Run a query in one transaction; raises a StoreError if that fails."""
        with reading(self._engine) as connection:
            return query(connection)

    async def data_version(self) -> Hashable | None:
        """Return a value that changes with every commit; None if the database cannot tell.

        Raises:
            StoreError: the database is unavailable, or its schema is not that of this version.
        """
        if self._engine.dialect.name == "sqlite":
            return self._check(self._count_commits())
        if self._waiting is None:  # concurrent requests share one query, which starts after them
            self._waiting = asyncio.create_task(self._query_next(self._running))
        return await asyncio.shield(self._waiting)  # a client that disconnects stops no other

    def close(self) -> None:
        """Close all connections."""
        if self._held is not None:
            self._held.invalidate()
        self._held = None
        self._engine.dispose()

    def _check(self, version: Hashable | None) -> Hashable | None:
        if version is None or version != self._version:
            check_schema(self._engine)
            self._version = version
        return version

    def _count_commits(self) -> Hashable:
        """SQLite counts the commits of others per connection: one is kept for it.

        A file that was removed or replaced closes it and all others, which would read the old file.
        """
        try:
            file = _identify(str(self._engine.url.database))
            if self._held is None or file != self._file:
                self.close()
                self._held, self._file = self._engine.raw_connection(), file
                self._held.cursor().execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
            count = self._held.cursor().execute("PRAGMA data_version").fetchone()[0]
            return id(self._held), file, count
        except self._engine.dialect.loaded_dbapi.Error as error:  # not raised through the engine
            self.close()
            raise explain(error, self._engine.url) from error

    async def _query_next(self, running: "asyncio.Task[Hashable] | None") -> Hashable:
        if running is not None:
            await asyncio.wait([running])
        self._running, self._waiting = self._waiting, None
        return await to_thread.run_sync(self._query_snapshot, limiter=self._thread)

    def _query_snapshot(self) -> Hashable | None:
        with self._engine.connect() as connection:
            version = tuple(connection.execute(_SNAPSHOT).one())
        return self._check(version if version[0] is not None else None)


def _identify(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116  a Path takes three times as long
    except OSError:
        return None
    return found.st_dev, found.st_ino
