"""A SQLite file as the API keeps it open: noticed when it is removed or replaced."""

import os
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

_FILE = "triptych_file"
# The event loop waits as long, so not the minute that the pipelines wait.
_BUSY_TIMEOUT_MS = 100


def watch_file(engine: Engine) -> None:
    """Drop connections to a SQLite file that was removed or replaced: they answer old rows."""

    def connected(connection: Any, record: Any) -> None:
        connection.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
        record.info[_FILE] = _identify_file(engine)

    def taken(_connection: object, record: Any, _proxy: object) -> None:
        if not is_current(record.info, engine):
            raise DisconnectionError("the file is another than the one that was opened")

    event.listen(engine, "connect", connected)
    event.listen(engine, "checkout", taken)


def is_current(info: dict[Any, Any], engine: Engine) -> bool:
    """Tell whether the file of a connection is still the one of that name."""
    return bool(info[_FILE] == _identify_file(engine))


def _identify_file(engine: Engine) -> tuple[int, int] | None:
    try:
        found = os.stat(str(engine.url.database))  # noqa: PTH116  a Path takes thrice as long
    except OSError:
        return None
    return found.st_dev, found.st_ino
