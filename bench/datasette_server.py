"""datasette on the same rows, for comparison: it serves a SQLite file without code."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from bench.load import serve

logger = logging.getLogger("bench")

TARGET = "/triptych/day.json?_shape=array&"
_PACKAGE = "datasette==0.65.5"
_COLUMNS = ("location", "time", "lead", "temperature_2m", "lower", "upper")
# A stored query is twice as fast as datasette's table with filters.
_DAY = f"""
SELECT {", ".join(_COLUMNS)}
FROM predictions JOIN models USING (model_id)
WHERE stage = 'production' AND location = :location AND predictions.as_of = :date || 'T00:00:00Z'
  AND lead <= 8
ORDER BY time
"""  # noqa: S608  names of columns
_METADATA = {"databases": {"triptych": {"queries": {"day": {"sql": _DAY}}}}}


def install(folder: Path) -> str | None:
    """Install datasette in a virtual environment in `folder`; return its command, or None."""
    (folder / "metadata.json").write_text(json.dumps(_METADATA))
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    pip = [str(folder / "venv" / "bin" / "pip"), "install", "--quiet", _PACKAGE]
    installed = subprocess.run(pip, capture_output=True, text=True, check=False)
    if installed.returncode:
        logger.warning("  skipped: %s cannot be installed", _PACKAGE)
        return None
    return str(folder / "venv" / "bin" / "datasette")


@contextmanager
def serve_datasette(command: str, folder: Path) -> Iterator[str]:
    """Serve triptych.db of a folder as immutable, datasette's fastest mode."""
    metadata = str(folder / "metadata.json")
    database = str(folder / "triptych.db")
    arguments = [command, "serve", "--immutable", database, "--metadata", metadata]
    with serve(arguments, "/-/versions.json", folder / "datasette.txt") as address:
        yield address


def check_same_rows(api: str, datasette: str) -> None:
    """Check that both servers return the same rows for a day.

    Raises:
        RuntimeError: They differ, so that a comparison of speed would be meaningless.
    """
    day = "date=2019-03-01&location=city-03"
    rows = _get(f"{api}/predictions?{day}")["data"]
    others = _get(f"{datasette}{TARGET}{day}")
    if len(rows) != 8 or [[row[name] for name in _COLUMNS] for row in rows] != [
        [row[name] for name in _COLUMNS] for row in others
    ]:
        raise RuntimeError(f"datasette returns other rows: {others} instead of {rows}")


def _get(url: str) -> Any:
    with urlopen(url) as response:  # noqa: S310
        return json.load(response)
