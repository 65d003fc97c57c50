"""From ten to ten thousand synthetic cities: python -m bench.scale, written to bench_scale.json.

Each measurement is a process of its own, so that its peak of memory is its own. Weather is made a
batch at a time; making it is not counted. `python -m bench.scale 10 100` measures these numbers of
cities and writes nothing.
"""

import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.alone import Row
from bench.measured import row, versions
from bench.scale_steps import STEPS, YEARS
from tests.fixtures.databases import start_postgresql
from triptych.registry.provenance import git_commit

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "docs" / "results" / "bench_scale.json"
CITIES = (10, 100, 1_000, 10_000)
_GROWTH_FROM = 100  # below, what does not grow with the cities is most of the time

logger = logging.getLogger("bench.scale")

Places = dict[str, str]  # the URL of each kind of database


def main(*counts: int) -> None:
    """Measure every step at every number of cities, on SQLite and PostgreSQL where it writes."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logger.setLevel(logging.INFO)
    chosen = counts or CITIES
    with tempfile.TemporaryDirectory() as folder, _databases(folder, chosen) as databases:
        rows = [each for count in chosen for each in _of(count, folder, databases[count])]
        rows += _growth(rows, chosen) + _requests(databases)
    if counts:
        logger.info("Nothing is written: %s has all of %s", FILE.relative_to(ROOT), CITIES)
        return
    result = {
        "rows": [{name: each[name] for name in each if name != "number"} for each in rows],
        "data": f"synthetic cities; {YEARS}",
        "commit": git_commit(ROOT),
        "versions": versions(),
    }
    FILE.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    logger.info("Written to %s", FILE.relative_to(ROOT))


@contextmanager
def _databases(folder: str, counts: Sequence[int]) -> Iterator[dict[int, Places]]:
    """A SQLite file and a PostgreSQL database for each number of cities."""
    server: Any = start_postgresql(durable=True)
    try:
        for count in counts:
            (Path(folder) / str(count)).mkdir()
            server.psql(f"CREATE DATABASE cities_{count};")
        yield {
            count: {
                "SQLite": f"sqlite:///{folder}/{count}/triptych.db",
                "PostgreSQL": server.get_uri(f"cities_{count}"),
            }
            for count in counts
        }
    finally:
        server.cleanup()


def _of(count: int, folder: str, databases: Places) -> list[Row]:
    rows = []
    for step, kinds in STEPS.items():
        for kind in kinds:
            where = f", {kind}" if kind else ""
            told = _run("bench.scale_steps", databases.get(kind, ""), step, str(count),
                        f"{folder}/{count}")  # fmt: skip
            rows += [{**each, "what": f"{count:,} cities: {each['what']}{where}"} for each in told]
            _log(rows[-len(told) :])
    return rows


def _growth(rows: list[Row], counts: Sequence[int]) -> list[Row]:
    """Seconds of a city, or of a row, among the most cities over those among a hundred."""
    most = max(counts)
    apiece = {each["what"]: each["value"] / each["number"] for each in rows if "number" in each}
    found = []
    for what, seconds in apiece.items():
        few, _, step = what.partition(" cities: ")
        if few == f"{_GROWTH_FROM:,}" and most > _GROWTH_FROM:
            times = apiece[f"{most:,} cities: {step}"] / seconds
            told = f"seconds apiece at {most:,} cities over those at {few}; linear is 1"
            found.append(row(f"growth: {step}", times, "×", told))
    _log(found)
    return found


def _requests(databases: dict[int, Places]) -> list[Row]:
    """How long a request takes, and how much longer among the most cities than the fewest."""
    found = []
    for kind in ("SQLite", "PostgreSQL"):
        named = [f"{kind}={count}={places[kind]}" for count, places in databases.items()]
        asked = _run("bench.scale_api", "", *named)
        share = 100 * (asked[-1]["value"] / asked[0]["value"] - 1)
        what = f"GET /predictions, {kind}: longer among {max(databases):,} cities than among ten"
        found += [*asked, row(what, share, "%", "at most 10")]
    _log(found)
    return found


def _run(module: str, url: str, *arguments: str) -> list[Row]:
    command = [sys.executable, "-m", module, *arguments]
    environment = {**os.environ, "TRIPTYCH_DATABASE_URL": url}
    run = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if run.returncode:
        raise RuntimeError(f"{module} {arguments[:2]} failed:\n{run.stderr[-4000:]}")
    rows: list[Row] = json.loads(run.stdout.splitlines()[-1])
    return rows


def _log(rows: list[Row]) -> None:
    for each in rows:
        logger.info("%s: %s %s (%s)", *(each[name] for name in ("what", "value", "unit", "beside")))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
