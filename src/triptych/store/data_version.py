"""A value that changes with every commit: while it is equal, every read gives the same rows."""

import os
from collections.abc import Hashable

from sqlalchemy import Engine, text
from sqlalchemy.pool import PoolProxiedConnection

from triptych.store.errors import explain
from triptych.store.migrate import check_schema

_BUSY_TIMEOUT_MS = 100  # so frequent a query does not wait
# Equal snapshots see the same transactions, so the same rows. That does not hold on a standby.
# Transaction numbers start again on another server.
_SNAPSHOT = text(
    "SELECT CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_current_snapshot()::text END, "
    "pg_postmaster_start_time()::text, (SELECT max(version_num) FROM alembic_version)"
)


class DataVersion:
    """The version of the data of a database, whose schema is checked with each new version.

    SQLite counts the commits of other connections, per connection: one is kept open for that, and
    the query takes microseconds. When the file is removed or replaced, all connections of the
    engine are closed, as they would read the old file.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._checked: Hashable | None = None
        self._connection: PoolProxiedConnection | None = None
        self._opened, self._file = 0, _identify("")

    def query(self) -> Hashable | None:
        """Return the version; None if the database cannot tell; StoreError as `check_schema`."""
        is_sqlite = self._engine.dialect.name == "sqlite"
        version = self._count_commits() if is_sqlite else self._query_snapshot()
        if version is None or version != self._checked:
            check_schema(self._engine)
            self._checked = version
        return version

    def close(self) -> None:
        """Close all connections of the engine."""
        if self._connection is not None:
            self._connection.invalidate()
        self._connection = None
        self._engine.dispose()

    def _count_commits(self) -> Hashable:
        try:
            file = _identify(str(self._engine.url.database))
            if self._connection is None or file != self._file:
                self.close()
                self._connection, self._file = self._engine.raw_connection(), file
                self._connection.cursor().execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
                self._opened += 1
            count = self._connection.cursor().execute("PRAGMA data_version").fetchone()[0]
            return self._opened, file, count
        except self._engine.dialect.loaded_dbapi.Error as error:  # not raised through the engine
            self.close()
            raise explain(error, self._engine.url) from error

    def _query_snapshot(self) -> Hashable | None:
        with self._engine.connect() as connection:
            version = tuple(connection.execute(_SNAPSHOT).one())
        return version if version[0] is not None else None


def _identify(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116  a Path takes three times as long
    except OSError:
        return None
    return found.st_dev, found.st_ino
