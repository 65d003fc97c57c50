"""datasette on the same rows: what serves a SQLite file with no code at all."""

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
# A query of datasette's own is twice as fast as its table with filters: the rival at its best.
_DAY = f"""
SELECT {", ".join(_COLUMNS)}
FROM predictions JOIN models USING (model_id)
WHERE stage = 'production' AND location = :location AND predictions.as_of = :date || 'T00:00:00Z'
  AND lead <= 8
ORDER BY time
"""  # noqa: S608  names of columns
_METADATA = {"databases": {"triptych": {"queries": {"day": {"sql": _DAY}}}}}


def install(folder: Path) -> str | None:
    """Install datasette in an environment of its own; give its command, None without the package.

    Args:
        folder: for the environment and for datasette's metadata.
    """
    (folder / "metadata.json").write_text(json.dumps(_METADATA))
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    pip = [str(folder / "venv" / "bin" / "pip"), "install", "--quiet", _PACKAGE]
    installed = subprocess.run(pip, capture_output=True, text=True, check=False)
    if installed.returncode:
        logger.warning("  %s is not to be had here: its row is left out", _PACKAGE)
        return None
    return str(folder / "venv" / "bin" / "datasette")


@contextmanager
def serve_rival(command: str, folder: Path) -> Iterator[str]:
    """Serve triptych.db of a folder as a file that nobody changes, which is datasette's fastest."""
    metadata = str(folder / "metadata.json")
    database = str(folder / "triptych.db")
    whole = [command, "serve", "--immutable", database, "--metadata", metadata]
    with serve(whole, "/-/versions.json", folder / "datasette.txt") as address:
        yield address


def check_same_rows(ours: str, theirs: str) -> None:
    """Compare a day's answers.

    Raises:
        RuntimeError: they hold other rows: a comparison of speed would say nothing.
    """
    day = "date=2019-03-01&location=city-03"
    rows = _ask(f"{ours}/predictions?{day}")["data"]
    others = _ask(f"{theirs}{TARGET}{day}")
    if len(rows) != 8 or [[row[name] for name in _COLUMNS] for row in rows] != [
        [row[name] for name in _COLUMNS] for row in others
    ]:
        raise RuntimeError(f"datasette answers other rows: {others} instead of {rows}")


def _ask(url: str) -> Any:
    with urlopen(url) as answer:  # noqa: S310
        return json.load(answer)
