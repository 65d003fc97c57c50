"""Bring a database to the schema of this version, and tell one that is of another."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, inspect, text

from triptych.store.engine import reading
from triptych.store.errors import SchemaError
from triptych.store.faults import name_database

logger = logging.getLogger(__name__)

HEAD = "0007"  # the newest file of migrations/versions, known without importing Alembic
_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 7_472_697_963_104  # any number that other programs on the server do not use


def migrate(engine: Engine) -> None:
    """Make or upgrade the tables: one transaction, one process at a time, nothing if up to date.

    Raises:
        SchemaError: a newer version or another program made this database.
    """
    with reading(engine) as connection:
        if _revision(connection) == HEAD:
            return
    with _upgrading(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        found = _revision(connection)
        if found != HEAD:
            _upgrade(connection, found)


@contextmanager
def _upgrading(engine: Engine) -> Iterator[Connection]:
    """Begin the transaction of an upgrade; on SQLite it waits for another process that upgrades.

    SQLite cannot change a column: Alembic makes the table anew, copies its rows and drops the old
    one, which foreign keys to it would stop. They can be turned off outside a transaction alone.
    """
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            with connection.begin():
                yield connection
            return
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                yield connection
        finally:
            driver.execute("PRAGMA foreign_keys=ON")


def check_schema(engine: Engine) -> None:
    """Pass if the database holds the schema of this version; changes nothing, needs no Alembic.

    Raises:
        SchemaError: it holds no tables, or those of another version.
    """
    with reading(engine) as connection:
        check_revision(_revision(connection), engine)


def check_revision(found: str | None, engine: Engine) -> None:
    """Pass if a schema that was found is the one of this version.

    Raises:
        SchemaError: it is another one, or None.
    """
    if found != HEAD:
        raise SchemaError(
            f"{name_database(engine.url)} is at schema {found or 'none'}; this version works with "
            f"schema {HEAD}. Run `kedro run` of the same version to make or upgrade the tables."
        )


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _upgrade(connection: Connection, found: str | None) -> None:
    # Alembic takes a while to import, and most openings need no migration.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    _refuse_foreign(connection, found, known)
    command.upgrade(config, "head")
    logger.info("%s: schema %s -> %s", name_database(connection.engine.url), found or "none", HEAD)


def _refuse_foreign(connection: Connection, found: str | None, known: set[str]) -> None:
    """Leave alone what this version did not make and does not know."""
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
