"""Open a database at the schema of this version, upgrade it, and recognise other schemas."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from triptych.store.engine import create_engine, reading
from triptych.store.errors import SchemaError, name_database

logger = logging.getLogger(__name__)
# The newest file of migrations/versions, known without importing Alembic: four digits and the
# letter of a generation (none, then a, b, …). A migration that removes or changes what an earlier
# API reads starts the next generation, as in 0009a; all that follow carry its letter.
HEAD = "0010"
_DIGITS = 4
_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 7_472_697_963_104  # any number that other programs on the server do not use
# A migration that waits for a table blocks later requests for it, so it does not wait long.
_LOCK_TIMEOUT = "5s"


def open_database(url: str) -> Engine:
    """Return the engine of a database, one per process, after bringing its tables up to date.

    A database file that was deleted in between is created again: the check takes a millisecond.
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


def migrate(engine: Engine) -> None:
    """Create or upgrade the tables: one transaction, one process at a time; nothing if up to date.

    SchemaError if another version or program made them, DatabaseUnavailable if one is locked.
    """
    with reading(engine) as connection:
        if _revision(connection) == HEAD:
            return
    with upgrading(engine) as connection:
        found = _revision(connection) or "none"
        if found == HEAD:
            return
        from alembic import command  # slow to import, and rarely needed
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    logger.info("%s: schema %s -> %s", name_database(engine.url), found, HEAD)


@contextmanager
def upgrading(engine: Engine) -> Iterator[Connection]:
    """Begin the transaction of an upgrade; it waits for another process that upgrades."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'"))
        yield connection


def check_schema(engine: Engine) -> None:
    """Raise SchemaError unless the schema is this version's, or a newer one of its generation."""
    with reading(engine) as connection:
        found = _revision(connection)
    number, generation = (found or "")[:_DIGITS], (found or "")[_DIGITS:]
    if number < HEAD[:_DIGITS] or generation != HEAD[_DIGITS:]:
        raise SchemaError(
            f"{name_database(engine.url)} is at schema {found or 'none'}; this version works with "
            f"schema {HEAD} and compatible newer ones. Run `kedro run` of the same version to make "
            "or upgrade the tables."
        )


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def check_origin(connection: Connection, known: set[str]) -> str | None:
    """Return the known revision of a database, None if it is empty; SchemaError for any other."""
    found = _revision(connection)
    database = name_database(connection.engine.url)
    if found is not None and found not in known:
        raise SchemaError(
            f"{database} is at schema {found}, which this version does not know: its newest is "
            f"{HEAD}. Another version of Triptych or another program made it. Install that "
            "version, or name another database in TRIPTYCH_DATABASE_URL."
        )
    tables = sorted(inspect(connection).get_table_names())
    if found is None and tables:
        raise SchemaError(
            f"{database} holds tables that Triptych did not make: {', '.join(tables[:5])}. "
            "Name an empty or a new database in TRIPTYCH_DATABASE_URL."
        )
    return found
