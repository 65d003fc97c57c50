"""The database as the pipelines open it: one engine a process, its tables up to date."""

import os
from functools import cache

from sqlalchemy import Engine

from triptych.store.engine import create_engine
from triptych.store.migrate import migrate


def open_database(url: str) -> Engine:
    """Give the engine of a database, made once a process, after bringing its tables up to date.

    The look at the schema takes a millisecond, so it is taken every time: a database file that
    was deleted in between is made anew.

    Raises:
        StoreError: the database is away, is corrupt, or is not one of this version.
    """
    engine = _engine(url, os.getpid())
    migrate(engine)
    return engine


def close_database(url: str) -> None:
    """Close the connections that this process keeps to a database; it opens again when used."""
    _engine(url, os.getpid()).dispose()


@cache
def _engine(url: str, _process: int) -> Engine:
    # A forked process must not use its parent's connections, hence an engine for each.
    return create_engine(url)
