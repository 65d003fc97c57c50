"""Ten to ten thousand synthetic cities: python -m bench.scale.

Written to docs/results/bench_scale.json and docs/scale.md.

Each measurement runs in a separate process, for its own peak memory. Generating the weather is not
measured. `python -m bench.scale 10 100` measures these numbers of cities and writes nothing.
"""

import json
import logging
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.results import ROOT, Row, row, write
from bench.scale_steps import DATA, STEPS
from tests.acceptance.readme import replace_between
from tests.fixtures.databases import start_postgresql

CITIES = (10, 100, 1_000, 10_000)
_GROWTH_FROM = 100  # below, constant costs dominate
PAGE = ROOT / "docs" / "scale.md"
MARKS = "<!-- scale -->", "<!-- /scale -->"

logger = logging.getLogger("bench.scale")

Urls = dict[str, str]  # of each kind of database


def main(*counts: int) -> None:
    """Measure each step for each number of cities, on SQLite and PostgreSQL if it uses one."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logger.setLevel(logging.INFO)
    chosen = counts or CITIES
    with tempfile.TemporaryDirectory() as folder, _databases(folder, chosen) as databases:
        rows = [row for count in chosen for row in _measure(count, folder, databases[count])]
        rows += _growth(rows, chosen) + _requests(databases)
    if counts:
        logger.info("Not written: bench_scale.json has results for %s cities", CITIES)
        return
    rows = [{name: row[name] for name in row if name != "number"} for row in rows]
    logger.info("Written to %s", write("bench_scale", rows, f"synthetic cities; {DATA}"))
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), rows), encoding="utf-8")


def with_table(page: str, rows: list[Row]) -> str:
    """Put a table of the steps by number of cities between the marks of docs/scale.md."""
    cells: dict[str, dict[str, str]] = {}
    for each in rows:
        count, _, step = each["what"].partition(" cities: ")
        if step:
            cells.setdefault(step, {})[count] = _cell(each)
    counts = [f"{count:,}" for count in CITIES]
    lines = [
        "| step | " + " | ".join(f"{count} cities" for count in counts) + " |",
        "|---|" + "--:|" * len(counts),
        *(
            f"| {step} | " + " | ".join(values[count] for count in counts) + " |"
            for step, values in cells.items()
        ),
    ]
    return replace_between(page, *MARKS, "\n".join(lines))


def _cell(row: Row) -> str:
    """A value with its rate and peak memory."""
    if row["unit"].startswith("bytes"):
        return f"{row['value']:.0f} B"
    rate = re.match(r"([\d,]+) \w+/s; peak ([\d,]+ MB)", row["beside"])
    more = f", {rate[1]}/s, {rate[2]}" if rate else ""
    return f"{row['value']:.1f} {row['unit']}{more}"


@contextmanager
def _databases(folder: str, counts: Sequence[int]) -> Iterator[dict[int, Urls]]:
    """Create a SQLite file and a PostgreSQL database for each number of cities."""
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


def _measure(count: int, folder: str, databases: Urls) -> list[Row]:
    rows = []
    for step, kinds in STEPS.items():
        for kind in kinds:
            where = f", {kind}" if kind else ""
            arguments = (step, str(count), f"{folder}/{count}")
            found = _run("bench.scale_steps", databases.get(kind, ""), *arguments)
            found = [{**row, "what": f"{count:,} cities: {row['what']}{where}"} for row in found]
            _log(found)
            rows += found
    return rows


def _growth(rows: list[Row], counts: Sequence[int]) -> list[Row]:
    """Return seconds per item with the most cities divided by those with a hundred."""
    most = max(counts)
    per_item = {each["what"]: each["value"] / each["number"] for each in rows if "number" in each}
    found = []
    for what, seconds in per_item.items():
        few, _, step = what.partition(" cities: ")
        if few == f"{_GROWTH_FROM:,}" and most > _GROWTH_FROM:
            ratio = per_item[f"{most:,} cities: {step}"] / seconds
            beside = f"seconds per item at {most:,} cities divided by those at {few}; linear is 1"
            found.append(row(f"growth: {step}", ratio, "×", beside, digits=3))
    _log(found)
    return found


def _requests(databases: dict[int, Urls]) -> list[Row]:
    """Return the duration of requests, and its increase from the fewest to the most cities."""
    found = []
    for kind in ("SQLite", "PostgreSQL"):
        named = [f"{kind}={count}={urls[kind]}" for count, urls in databases.items()]
        requests = _run("bench.scale_api", "", *named)
        increase = 100 * (requests[-1]["value"] / requests[0]["value"] - 1)
        what = f"GET /predictions, {kind}: increase from ten to {max(databases):,} cities"
        found += [*requests, row(what, increase, "%", "at most 10", digits=3)]
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
