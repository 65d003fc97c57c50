"""Which state the data are in: equal versions mean that no commit lies between two looks."""

from collections.abc import Hashable
from typing import Any, NamedTuple

# A snapshot names the transactions that it sees: the same text, the same rows. A standby's does
# not name all of them, so there the text is left out. Numbers begin anew on another server.
_SERVER = """
SELECT CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_current_snapshot()::text END,
       pg_postmaster_start_time()::text,
       (SELECT max(version_num) FROM alembic_version)
"""
_FILE = "PRAGMA data_version"
_FILE_SCHEMA = "SELECT max(version_num) FROM alembic_version"


class State(NamedTuple):
    """What was found of a database."""

    version: Hashable | None  # None: it cannot be told
    schema: str | None


def look_at_server(cursor: Any) -> State:
    """Ask PostgreSQL, on a connection that commits by itself."""
    snapshot, started, schema = cursor.execute(_SERVER).fetchone()
    return State(None if snapshot is None else (snapshot, started), schema)


def look_at_file(cursor: Any, connected: Hashable, before: State | None) -> State:
    """Ask SQLite: it counts the commits of others, anew on each connection.

    Args:
        cursor: of the connection.
        connected: what tells this connection from those before.
        before: what was found last, whose schema holds as long as the version does.
    """
    version = (connected, cursor.execute(_FILE).fetchone()[0])
    if before is not None and before.version == version:
        return before
    return State(version, cursor.execute(_FILE_SCHEMA).fetchone()[0])
