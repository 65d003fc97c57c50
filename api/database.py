"""Read-only access to the database, and the version of its data."""

import asyncio
from collections.abc import Hashable
from contextlib import AbstractContextManager

from anyio import CapacityLimiter, to_thread
from sqlalchemy import Connection

from triptych.store.data_version import DataVersion
from triptych.store.engine import create_engine, reading


class Database:
    """A read-only engine, and the version of its data; an invalid URL raises a StoreError."""

    def __init__(self, url: str) -> None:
        self.engine = create_engine(url, read_only=True)
        self._version = DataVersion(self.engine)
        self._thread = CapacityLimiter(1)  # not shared with the routes
        self._running: asyncio.Task[Hashable] | None = None
        self._waiting: asyncio.Task[Hashable] | None = None

    def read(self) -> AbstractContextManager[Connection]:
        """Open a connection in a transaction, in a worker thread; errors are StoreErrors."""
        return reading(self.engine)

    async def data_version(self) -> Hashable:
        """Return the version of the data, see `DataVersion.query`."""
        if self.engine.dialect.name == "sqlite":
            return self._version.query()
        if self._waiting is None:  # concurrent requests share one query, which starts after them
            self._waiting = asyncio.create_task(self._query_after(self._running))
        return await asyncio.shield(self._waiting)  # a client that disconnects stops no other

    async def _query_after(self, running: asyncio.Task[Hashable] | None) -> Hashable:
        if running is not None:
            await asyncio.wait([running])
        self._running, self._waiting = self._waiting, None
        return await to_thread.run_sync(self._version.query, limiter=self._thread)

    def close(self) -> None:
        """Close all connections."""
        self._version.close()
