"""The database as the pipelines open it: one engine per process, with up-to-date tables."""

import os
from functools import cache

from sqlalchemy import Engine

from triptych.store.engine import create_engine
from triptych.store.migrate import migrate


def open_database(url: str) -> Engine:
    """Return the engine of a database, one per process, after bringing its tables up to date.

    A database file that was deleted in between is created again: the check takes a millisecond.

    Raises:
        StoreError: the database is unavailable, corrupt, or of another version.
    """
    engine = _engine(url, os.getpid())
    migrate(engine)
    return engine


def close_database(url: str) -> None:
    """Close the connections of this process to a database; they open again when used."""
    _engine(url, os.getpid()).dispose()


@cache
def _engine(url: str, _process: int) -> Engine:
    # A forked process must not use its parent's connections, hence an engine for each.
    return create_engine(url)
