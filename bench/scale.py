"""From ten to ten thousand synthetic cities: python -m bench.scale, written to bench_scale.json.

Each measurement is a process of its own, so that its peak of memory is its own. Weather is made a
batch at a time; making it is not counted.
"""

import json
import logging
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.scale_steps import STEPS, YEARS
from tests.fixtures.databases import start_postgresql
from triptych.registry.provenance import git_commit

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "docs" / "results" / "bench_scale.json"
CITIES = (10, 100, 1_000, 10_000)

logger = logging.getLogger("bench.scale")

Row = dict[str, Any]


def main() -> None:
    """Measure every step at every number of cities, on SQLite and PostgreSQL where it writes."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logger.setLevel(logging.INFO)
    rows: list[Row] = []
    for count in CITIES:
        rows += _of(count)
        _write([*rows, *_growth(rows)])
    logger.info("Written to %s", FILE.relative_to(ROOT))


def _growth(rows: list[Row]) -> list[Row]:
    """How much longer a request takes among the most cities than among the fewest."""
    found = []
    for database in ("SQLite", "PostgreSQL"):
        asked = [row for row in rows if row["what"].endswith(f"GET /predictions, {database}")]
        share = 100 * (asked[-1]["value"] / asked[0]["value"] - 1)
        what = f"GET /predictions, {database}: longer among the most cities than among ten"
        row = {"what": what, "value": round(share, 1), "unit": "%", "beside": "at most 10"}
        found.append(row)
        logger.info("%s: %s %s", what, row["value"], row["unit"])
    return found


def _write(rows: list[Row]) -> None:
    result = {
        "rows": rows,
        "data": f"synthetic cities; {YEARS}",
        "commit": git_commit(ROOT),
        "versions": {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "cores": os.cpu_count(),
        },
    }
    FILE.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")


def _of(count: int) -> list[Row]:
    server = start_postgresql()
    try:
        with tempfile.TemporaryDirectory() as folder:
            urls = {"": "", "SQLite": f"sqlite:///{folder}/triptych.db"}
            urls["PostgreSQL"] = server.get_uri()
            return [
                row
                for step, databases in STEPS.items()
                for database in databases
                for row in _alone(step, count, database, urls[database], folder)
            ]
    finally:
        server.cleanup()


def _alone(step: str, count: int, database: str, url: str, folder: str) -> list[Row]:
    command = [sys.executable, "-m", "bench.scale_steps", step, str(count), folder]
    environment = {**os.environ, "TRIPTYCH_DATABASE_URL": url}
    run = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if run.returncode:
        raise RuntimeError(f"{step} of {count:,} cities failed:\n{run.stderr[-4000:]}")
    where = f", {database}" if database else ""
    rows = [
        {**row, "what": f"{count:,} cities: {row['what']}{where}"}
        for row in json.loads(run.stdout.splitlines()[-1])
    ]
    for row in rows:
        logger.info("%s: %s %s (%s)", *(row[name] for name in ("what", "value", "unit", "beside")))
    return rows


if __name__ == "__main__":
    main()
