"""Requests per second of GET /predictions, compared with empty routes and with datasette.

One worker on one core, wrk on the other; a database of realistic size; random locations and days.
One empty route belongs to the same application, the other to an application without other routes.
"""

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.api_tables import DAYS, FIRST_DAY, LOCATIONS, fill
from bench.datasette_server import TARGET, check_same_rows, install, serve_datasette
from bench.load import CONNECTIONS, Load, load, serve
from bench.results import Row, row

MIN_SHARE = 60  # %: GET /predictions of the empty route
MAX_P99 = 50  # ms
MAX_PAGE_P99 = 100  # ms: GET /
_ROUNDS = 3
_FILLS = 3  # loads that fill the cache: one leaves a quarter of the days out
_SCRIPT = """
math.randomseed(1)
request = function()
  local day = os.date("!%Y-%m-%d", {first} + 86400 * math.random(0, {days} - 1))
  local city = string.format("city-%02d", math.random(0, {locations} - 1))
  local limit = {uncached} and "&limit=" .. math.random(8, 10000) or ""
  return wrk.format("GET", "{target}date=" .. day .. "&location=" .. city .. limit)
end
"""


def measure() -> list[Row]:
    """Measure in alternating rounds.

    Raises:
        RuntimeError: wrk is not installed, a server does not start, or datasette has other rows.
    """
    if shutil.which("wrk") is None:
        raise RuntimeError("wrk is not installed. Run `apt-get install wrk`.")
    with TemporaryDirectory() as name:
        folder = Path(name)
        fill(_url(folder))
        datasette = install(folder)
        rounds = [_measure_round(folder, datasette) for _ in range(_ROUNDS)]
    return _summarize(rounds)


def _measure_round(folder: Path, datasette: str | None) -> dict[str, Load]:
    cached = _write_script(folder / "cached.lua")
    uncached = _write_script(folder / "uncached.lua", uncached=True)
    with _serve(folder, "bare", "/empty") as address:
        found = {"bare": load(f"{address}/empty")}
    with _serve(folder, "app", "/health/ready") as address:
        found["uncached"] = load(address, "--script", uncached)
        for _ in range(_FILLS):
            load(address, "--script", cached)
        found["empty"] = load(f"{address}/empty")
        found["cached"] = load(address, "--script", cached)
        found["page"] = load(f"{address}/")
        if datasette:
            with serve_datasette(datasette, folder) as other:
                check_same_rows(address, other)
                script = _write_script(folder / "datasette.lua", TARGET)
                found["datasette"] = load(other, "--script", script)
    return found


def _write_script(file: Path, target: str = "/predictions?", uncached: bool = False) -> str:
    """Write a script for wrk that requests random days; a random limit avoids the cache."""
    values = {"first": int(FIRST_DAY.timestamp()), "days": DAYS, "locations": len(LOCATIONS)}
    file.write_text(_SCRIPT.format(target=target, uncached=str(uncached).lower(), **values))
    return str(file)


def _url(folder: Path) -> str:
    return f"sqlite:///{folder}/triptych.db"


@contextmanager
def _serve(folder: Path, app: str, ready: str) -> Iterator[str]:
    """Serve an application of `bench.api_app` on the database of a folder."""
    command = [sys.executable, "-m", "uvicorn", f"bench.api_app:{app}", "--no-access-log"]
    log, url = folder / "uvicorn.txt", _url(folder)
    with serve(
        [*command, "--log-level", "warning"], ready, log, TRIPTYCH_DATABASE_URL=url
    ) as address:
        yield address


def _summarize(rounds: list[dict[str, Load]]) -> list[Row]:
    def find(route: str, what: str) -> float:
        return median(values[route][what] for values in rounds)

    def share(of: str, route: str = "cached") -> float:
        return median(100 * values[route]["rate"] / values[of]["rate"] for values in rounds)

    name = "API: GET /predictions"
    failed = sum(found["failed"] for values in rounds for found in values.values())
    beside = f"{CONNECTIONS} connections, one core; empty route: {find('empty', 'rate'):.0f}"
    slow = f"at most {MAX_P99}, {CONNECTIONS} connections; empty route: {find('empty', 'p99'):.1f}"
    least = f"at least {MIN_SHARE} %"
    page = f"at most {MAX_PAGE_P99}, {CONNECTIONS} connections"
    rows = [
        row(f"{name}, cached", find("cached", "rate"), "requests/s", beside, digits=1),
        row(f"{name}, share of an empty route", share("empty"), "%", least, digits=1),
        row(f"{name}, share of an empty FastAPI", share("bare"), "%", least, digits=1),
        row(f"{name}, p99", find("cached", "p99"), "ms", slow, digits=1),
        row(f"{name}, uncached", find("uncached", "rate"), "requests/s", beside, digits=1),
        row("API: GET /, p99", find("page", "p99"), "ms", page, digits=1),
        row("API: failed requests", failed, "requests", "0"),
    ]
    if "datasette" in rounds[0]:
        other = f"above 100 %; datasette, same rows: {find('datasette', 'rate'):.0f} requests/s"
        for route in ("cached", "uncached"):
            what = f"{name}, {route}, share of datasette"
            rows.append(row(what, share("datasette", route), "%", other, digits=1))
    return rows


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(), indent=2, ensure_ascii=False) + "\n")
