"""What Alembic runs: within `migrate`, or as the command `alembic` in the project's folder."""

import logging
import os

from alembic import context
from alembic.util import CommandError
from sqlalchemy import Connection

from triptych.store.engine import create_engine
from triptych.store.errors import StoreError
from triptych.store.migrate import HEAD, check_origin, upgrading
from triptych.store.tables import metadata


def run(connection: Connection) -> None:
    """Run the migrations in the transaction of a connection; a new database needs none."""
    known = {script.revision for script in context.script.walk_revisions()}
    found = check_origin(connection, known)
    context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
    if found is None and _upgrades_to_head():
        metadata.create_all(connection)
        context.get_context().stamp(context.script, HEAD)
    else:
        context.run_migrations()


def _upgrades_to_head() -> bool:
    try:
        return context.get_revision_argument() == HEAD
    except KeyError:  # a command that changes nothing, such as `alembic current`
        return False


def run_command() -> None:
    """Migrate the database of TRIPTYCH_DATABASE_URL, or data/triptych.db without it."""
    if context.is_offline_mode():
        raise CommandError("Migrations read the database, so --sql is not supported.")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    url = os.environ.get("TRIPTYCH_DATABASE_URL") or "sqlite:///data/triptych.db"
    try:
        engine = create_engine(url)
        try:
            with upgrading(engine) as connection:
                run(connection)
        finally:
            engine.dispose()
    except StoreError as error:
        raise CommandError(str(error)) from error


if "connection" in context.config.attributes:
    run(context.config.attributes["connection"])
else:
    run_command()
