"""Bring a database to the schema of this version, and recognise other schemas."""

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, inspect, text

from triptych.store.driver_errors import name_database
from triptych.store.engine import reading
from triptych.store.errors import SchemaError

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


def migrate(engine: Engine) -> None:
    """Create or upgrade the tables: one transaction, one process at a time; nothing if up to date.

    Raises:
        SchemaError: a newer version or another program made this database, or rows refer to
            others that are not there.
        DatabaseUnavailable: another transaction holds a table.
    """
    with reading(engine) as connection:
        if _revision(connection) == HEAD:
            return
    with upgrading(engine) as connection:
        found = _revision(connection)
        if found != HEAD:
            _upgrade(connection, found)


@contextmanager
def upgrading(engine: Engine) -> Iterator[Connection]:
    """Begin the transaction of an upgrade; it waits for another process that upgrades.

    SQLite cannot change a column: Alembic creates the table again, copies its rows and drops the
    old one, which foreign keys would prevent. They can only be turned off outside a transaction.
    """
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            with connection.begin():
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
                connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'"))
                yield connection
            return
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                yield connection
                _check_references(connection)
        finally:
            driver.execute("PRAGMA foreign_keys=ON")


def _check_references(connection: Connection) -> None:
    """Check what SQLite does not while foreign keys are off."""
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        counts = Counter((row[0], row[2]) for row in broken)
        named = "; ".join(
            f"{n:,} of {table} refer to {other}" for (table, other), n in sorted(counts.items())
        )
        raise SchemaError(
            f"{name_database(connection.engine.url)} is not upgraded: rows refer to others that "
            f"are not there ({named}). `PRAGMA foreign_key_check` lists them. Restore the missing "
            "rows from a backup or remove those that refer to them, then run again; nothing was "
            "changed."
        )


def check_schema(engine: Engine) -> None:
    """Pass if this version can read the database; needs no Alembic.

    Raises:
        SchemaError: there are no tables, or those of an incompatible version.
    """
    with reading(engine) as connection:
        check_revision(_revision(connection), engine)


def check_revision(found: str | None, engine: Engine) -> None:
    """Pass if this version can read a schema: its own, or a newer one of the same generation.

    Raises:
        SchemaError: it cannot, or there is none.
    """
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


def _upgrade(connection: Connection, found: str | None) -> None:
    # Alembic is slow to import, and rarely needed.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    logger.info("%s: schema %s -> %s", name_database(connection.engine.url), found or "none", HEAD)


def refuse_foreign(connection: Connection, known: set[str]) -> None:
    """Refuse a database that this version does not know.

    Raises:
        SchemaError: the revision is not one of those known, or there is none but there are tables.
    """
    found = _revision(connection)
    database = name_database(connection.engine.url)
    if found is not None and found not in known:
        raise SchemaError(
            f"{database} is at schema {found}, which this version does not know: its newest is "
            f"{HEAD}. A newer Triptych made it, or another program did. Install that version, or "
            "name another database in TRIPTYCH_DATABASE_URL."
        )
    tables = sorted(inspect(connection).get_table_names())
    if found is None and tables:
        raise SchemaError(
            f"{database} holds tables that Triptych did not make: {', '.join(tables[:5])}. "
            "Name an empty or a new database in TRIPTYCH_DATABASE_URL."
        )
