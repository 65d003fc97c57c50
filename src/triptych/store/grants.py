"""Grant the API's role read access: `python -m triptych.store.grants ROLE` on PostgreSQL."""

import logging
import os
import sys

from sqlalchemy import Engine, text

from triptych.store.engine import create_engine
from triptych.store.errors import StoreError, name_database
from triptych.store.migrate import migrate

logger = logging.getLogger(__name__)

# The tables that the API's statements name; a test compares them with its code.
API_TABLES = (
    "alembic_version",
    "forecast_scores",
    "image_predictions",
    "locations",
    "models",
    "predictions",
    "text_predictions",
    "weather_3h",
)

_OTHER_DATABASES = text(
    "SELECT datname FROM pg_database WHERE datallowconn AND datname <> current_database() "
    "AND has_database_privilege(:role, oid, 'CONNECT') ORDER BY datname"
)


def grant_reading(engine: Engine, role: str) -> None:
    """Bring the tables up to date, and let a role of roles.sql read those of the API alone.

    A second call changes nothing; other rights that an earlier version granted are withdrawn.
    StoreError if there is no such role, or the database is not PostgreSQL.
    """
    if engine.dialect.name != "postgresql":
        raise StoreError(
            f"{name_database(engine.url)} has no roles: who may read it is a matter of its file. "
            "Name a PostgreSQL database in TRIPTYCH_DATABASE_URL."
        )
    migrate(engine)
    quote = engine.dialect.identifier_preparer.quote_identifier
    tables = ", ".join(API_TABLES)
    with engine.begin() as connection:
        if connection.scalar(text("SELECT to_regrole(:role)"), {"role": quote(role)}) is None:
            raise StoreError(
                f"{name_database(engine.url)} has no role {role!r}. Make it as the server's "
                "administrator, see src/triptych/store/roles.sql."
            )
        schema = quote(str(connection.scalar(text("SELECT current_schema()"))))
        for statement in (
            f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {quote(role)}",
            f"GRANT USAGE ON SCHEMA {schema} TO {quote(role)}",
            f"GRANT SELECT ON {tables} TO {quote(role)}",
        ):
            connection.execute(text(statement.replace(":", r"\:")))
        others = connection.scalars(_OTHER_DATABASES, {"role": role}).all()
    logger.info("%s: %s may read %s", name_database(engine.url), role, tables)
    if others:
        logger.warning(
            "%s may also connect to %s. Run as the server's administrator: "
            "REVOKE CONNECT ON DATABASE %s FROM PUBLIC;",
            role, ", ".join(others), ", ".join(map(quote, others)),
        )  # fmt: skip


def main(arguments: list[str]) -> int:
    """Do it for the role that is named, on the database of TRIPTYCH_DATABASE_URL."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    if len(arguments) != 1:
        logger.error("Name one role: python -m triptych.store.grants triptych_api")
        return 2
    try:
        engine = create_engine(os.environ.get("TRIPTYCH_DATABASE_URL", ""))
        try:
            grant_reading(engine, arguments[0])
        finally:
            engine.dispose()
    except StoreError as error:
        logger.error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
