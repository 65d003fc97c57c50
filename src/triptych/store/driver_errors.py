"""Turn what a database driver raises into a StoreError; the engine does it for every statement."""

import re
from textwrap import shorten

from psycopg import DataError
from sqlalchemy import URL

from triptych.store.errors import (
    CorruptDatabase,
    DatabaseUnavailable,
    RowsRefused,
    SchemaError,
    StoreError,
)

_AWAY_SQLITE = (
    "Its file must be there (`kedro run` makes it) and, with its folder, be readable and writable "
    "by this user, on a disk with room."
)
_AWAY_POSTGRESQL = (
    "Check that the server runs, that TRIPTYCH_DATABASE_URL names its host, port and database, and "
    "that the user and password are right."
)
_RIGHTS = "Give this user the right to make, read and write tables there."
_BUSY = "Another process holds it. Wait for that process to end, then run again."
_CORRUPT = (
    "It is not a whole SQLite database. Restore it from a copy, or move it away and run again: "
    "a new one is made."
)
_SCHEMA = "Its tables are not those of this version: run `kedro run` to bring them up to date."
_ROWS = "Nothing of the batch was written. Correct the rows, then run again."

# The advice by the start of SQLite's error name; the first that fits counts.
_SQLITE: tuple[tuple[str, type[StoreError], str], ...] = (
    ("SQLITE_NOTADB", CorruptDatabase, _CORRUPT),
    ("SQLITE_CORRUPT", CorruptDatabase, _CORRUPT),
    ("SQLITE_BUSY", DatabaseUnavailable, _BUSY),
    ("SQLITE_LOCKED", DatabaseUnavailable, _BUSY),
    ("SQLITE_CANTOPEN", DatabaseUnavailable, _AWAY_SQLITE),
    ("SQLITE_READONLY", DatabaseUnavailable, _AWAY_SQLITE),
    ("SQLITE_PERM", DatabaseUnavailable, _AWAY_SQLITE),
    ("SQLITE_FULL", DatabaseUnavailable, _AWAY_SQLITE),
    ("SQLITE_IOERR", DatabaseUnavailable, _AWAY_SQLITE),
    ("SQLITE_CONSTRAINT", RowsRefused, _ROWS),
)

# By the start of the SQLSTATE (PostgreSQL manual, appendix A).
_POSTGRESQL: tuple[tuple[str, type[StoreError], str], ...] = (
    ("42P01", SchemaError, _SCHEMA),
    ("42703", SchemaError, _SCHEMA),
    ("42501", DatabaseUnavailable, _RIGHTS),
    ("22", RowsRefused, _ROWS),
    ("23", RowsRefused, _ROWS),
    ("40", DatabaseUnavailable, _BUSY),
    ("55P03", DatabaseUnavailable, _BUSY),
    ("08", DatabaseUnavailable, _AWAY_POSTGRESQL),
    ("25006", DatabaseUnavailable, "It was opened to be read only."),
    ("28", DatabaseUnavailable, _AWAY_POSTGRESQL),
    ("3D", DatabaseUnavailable, _AWAY_POSTGRESQL),
    ("53", DatabaseUnavailable, _AWAY_POSTGRESQL),
    ("57", DatabaseUnavailable, "It took too long or is shutting down. Run again later."),
)

# Up to the last @ of a word: an @ in a password that is not escaped does not end it.
_USER_INFO = re.compile(r"(?<=://)\S*@")
_PASSWORD_OPTION = re.compile(r"(?<=password=)[^\s&]+", re.IGNORECASE)


def mask_passwords(text: str) -> str:
    """Replace users and passwords of the URLs in a text, also of URLs that cannot be parsed."""
    return _PASSWORD_OPTION.sub("***", _USER_INFO.sub("***@", text))


def name_database(url: URL) -> str:
    """Name the database for a message: no user, no password, no query string."""
    if url.get_backend_name() == "sqlite":
        return f"SQLite database {url.database}"
    host = url.host or url.query.get("host", "localhost")
    return f"PostgreSQL database {url.database!r} at {host}:{url.port or 5432}"


def explain(error: BaseException, url: URL) -> StoreError:
    """Make the StoreError that says what a driver's error means and what to do.

    Args:
        error: what sqlite3 or psycopg raised.
        url: the engine's URL; its password appears nowhere in the answer.
    """
    kind, advice = _classify(error)
    # PostgreSQL quotes the whole row that it refuses
    found = (
        shorten(mask_passwords(str(error)), 400, placeholder=" …").rstrip(".?")
        or type(error).__name__
    )
    return kind(f"{name_database(url)}: {found}. {advice}")


def _classify(error: BaseException) -> tuple[type[StoreError], str]:
    sqlite_name = getattr(error, "sqlite_errorname", None)
    if sqlite_name is None:
        return _look_up(_state(error), _POSTGRESQL)
    if str(error).startswith(("no such table", "no such column")):
        return SchemaError, _SCHEMA
    return _look_up(sqlite_name, _SQLITE)


def _state(error: BaseException) -> str:
    """Give the SQLSTATE; what psycopg finds by itself has none."""
    state: str | None = getattr(error, "sqlstate", None)
    return state or ("22" if isinstance(error, DataError) else "08")


def _look_up(
    code: str, known: tuple[tuple[str, type[StoreError], str], ...]
) -> tuple[type[StoreError], str]:
    for start, kind, advice in known:
        if code.startswith(start):
            return kind, advice
    return StoreError, f"Unexpected ({code}): please report it with the command that was run."
