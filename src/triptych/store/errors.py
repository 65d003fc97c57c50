"""What can go wrong with the database: each error is a message that a user can act on."""

import re
from textwrap import shorten

from psycopg import DataError
from sqlalchemy import URL

_UNAVAILABLE_SQLITE = (
    "Its file must exist (`kedro run` creates it) and, with its folder, be readable and writable "
    "by this user, on a disk with free space."
)
_UNAVAILABLE_POSTGRESQL = (
    "Check that the server runs, that TRIPTYCH_DATABASE_URL names its host, port and database, and "
    "that the user and password are right."
)
_BUSY = "Another process has locked it. Wait for that process to end, then run again."
_CORRUPT = (
    "It is not a complete SQLite database. Restore it from a backup, or move it away and run "
    "again: a new one is created."
)
_SCHEMA = "Its tables are not those of this version: run `kedro run` to bring them up to date."
_RIGHTS = "Grant this user the right to create, read and write tables."
_ROWS = "Nothing of the batch was written. Correct the rows, then run again."
# Up to the last @ of a word: an @ in a password that is not escaped does not end it.
_USER_INFO = re.compile(r"(?<=://)\S*@")
_PASSWORD_OPTION = re.compile(r"(?<=password=)[^\s&]+", re.IGNORECASE)


class StoreError(Exception):
    """The database cannot do what was asked; the text says what, why and what to do."""


class DatabaseUnavailable(StoreError):
    """The database is away or locked, or does not let this process in: it may work later."""


class CorruptDatabase(StoreError):
    """The file is not a SQLite database, or is damaged."""


class SchemaError(StoreError):
    """The tables are missing, of an incompatible version, or another program's."""


class RowsRefused(StoreError):
    """Rows that break a key, a constraint or a type; none of the batch was written."""


# By the start of SQLite's error name, and of PostgreSQL's SQLSTATE (its manual, appendix A). The
# first that fits counts.
_MEANINGS: tuple[tuple[tuple[str, ...], type[StoreError], str], ...] = (
    (("SQLITE_NOTADB", "SQLITE_CORRUPT"), CorruptDatabase, _CORRUPT),
    (("SQLITE_BUSY", "SQLITE_LOCKED", "40", "55P03"), DatabaseUnavailable, _BUSY),
    (("SQLITE_CONSTRAINT", "22", "23"), RowsRefused, _ROWS),
    (
        ("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_FULL", "SQLITE_IOERR"),
        DatabaseUnavailable,
        _UNAVAILABLE_SQLITE,
    ),
    (("42P01", "42703"), SchemaError, _SCHEMA),
    (("42501",), DatabaseUnavailable, _RIGHTS),
    (("25006",), DatabaseUnavailable, "It was opened to be read only."),
    (("57",), DatabaseUnavailable, "It took too long or is shutting down. Run again later."),
    (("08", "28", "3D", "53"), DatabaseUnavailable, _UNAVAILABLE_POSTGRESQL),
)


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
    """Say what an error of sqlite3 or psycopg means and what to do, without the URL's password."""
    kind, advice = _classify(error)
    # PostgreSQL quotes the whole row that it refuses
    found = shorten(mask_passwords(str(error)), 400, placeholder=" …").rstrip(".?")
    return kind(f"{name_database(url)}: {found or type(error).__name__}. {advice}")


def _classify(error: BaseException) -> tuple[type[StoreError], str]:
    if str(error).startswith(("no such table", "no such column")):
        return SchemaError, _SCHEMA
    code = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None)
    # What psycopg finds by itself has no SQLSTATE.
    code = code or ("22" if isinstance(error, DataError) else "08")
    for starts, kind, advice in _MEANINGS:
        if code.startswith(starts):
            return kind, advice
    return StoreError, f"Unexpected ({code}): please report it with the command that was run."
