"""How many predictions a second the API answers, beside empty routes and beside datasette.

One worker on one core, wrk on the other; a database of a realistic size; places and days at random.
The empty routes: one of the same application, and one of an application that has nothing else.
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
from bench.load import CONNECTIONS, Row, load, serve
from bench.rival import TARGET, check_same_rows, install, serve_rival

LEAST_SHARE = 60  # %: GET /predictions of the empty route
MOST_P99 = 50  # ms
_ROUNDS = 3
_SHARE = "API: GET /predictions of"
_SCRIPT = """
math.randomseed(1)
request = function()
  local day = os.date("!%Y-%m-%d", {first} + 86400 * math.random(0, {days} - 1))
  local place = string.format("city-%02d", math.random(0, {places} - 1))
  local more = {new} and "&limit=" .. math.random(8, 10000) or ""
  return wrk.format("GET", "{target}date=" .. day .. "&location=" .. place .. more)
end
"""


def measure() -> list[Row]:
    """Measure in alternating rounds; give the rows `what, value, unit, beside` of the results.

    Raises:
        RuntimeError: wrk is not installed, a server does not start, or datasette has other rows.
    """
    if shutil.which("wrk") is None:
        raise RuntimeError("wrk is missing: it makes the load. Run `apt-get install wrk`.")
    with TemporaryDirectory() as name:
        folder = Path(name)
        fill(_url(folder))
        datasette = install(folder)
        rounds = [_measure_round(folder, datasette) for _ in range(_ROUNDS)]
    return _summarize(rounds)


def _measure_round(folder: Path, datasette: str | None) -> dict[str, Row]:
    again = _write_script(folder / "again.lua")
    new = _write_script(folder / "new.lua", new=True)
    with _serve(folder, "bare", "/empty") as address:
        found = {"bare": load(f"{address}/empty")}
    with _serve(folder, "app", "/health/ready") as address:
        found["new"] = load(address, "--script", new)
        load(address, "--script", again)  # until most have been asked for once
        found["empty"] = load(f"{address}/empty")
        found["again"] = load(address, "--script", again)
        if datasette:
            with serve_rival(datasette, folder) as theirs:
                check_same_rows(address, theirs)
                script = _write_script(folder / "datasette.lua", TARGET)
                found["datasette"] = load(theirs, "--script", script)
    return found


def _write_script(file: Path, target: str = "/predictions?", new: bool = False) -> str:
    """Write what wrk asks for: days and places, each time in another way if `new`."""
    values = {"first": int(FIRST_DAY.timestamp()), "days": DAYS, "places": len(LOCATIONS)}
    file.write_text(_SCRIPT.format(target=target, new=str(new).lower(), **values))
    return str(file)


def _url(folder: Path) -> str:
    return f"sqlite:///{folder}/triptych.db"


@contextmanager
def _serve(folder: Path, app: str, ready: str) -> Iterator[str]:
    """Serve an application of `bench.api_app` on the tables of a folder."""
    command = [sys.executable, "-m", "uvicorn", f"bench.api_app:{app}", "--no-access-log"]
    log, url = folder / "uvicorn.txt", _url(folder)
    with serve(
        [*command, "--log-level", "warning"], ready, log, TRIPTYCH_DATABASE_URL=url
    ) as address:
        yield address


def _summarize(rounds: list[dict[str, Row]]) -> list[Row]:
    def find(route: str, what: str) -> float:
        return median(float(each[route][what]) for each in rounds)

    def share(of: str, route: str = "again") -> float:
        return median(100 * float(r[route]["rate"]) / float(r[of]["rate"]) for r in rounds)

    failed = sum(float(each[route]["failed"]) for each in rounds for route in each)
    beside = f"{CONNECTIONS} connections, one core; empty route: {find('empty', 'rate'):.0f}"
    slow = f"at most {MOST_P99}, {CONNECTIONS} connections; empty route: {find('empty', 'p99'):.1f}"
    asked, least = "the day was asked for before", f"at least {LEAST_SHARE} %"
    rows = [
        _row("API: GET /predictions", find("again", "rate"), "requests/s", f"{asked}; {beside}"),
        _row(f"{_SHARE} an empty route", share("empty"), "%", least),
        _row(f"{_SHARE} an empty FastAPI", share("bare"), "%", least),
        _row("API: GET /predictions, p99", find("again", "p99"), "ms", slow),
        _row("API: GET /predictions, read anew", find("new", "rate"), "requests/s", beside),
        _row("API: failed requests of all loads", failed, "requests", "0"),
    ]
    if "datasette" in rounds[0]:
        theirs = f"above 100 %; datasette, same rows: {find('datasette', 'rate'):.0f} requests/s"
        for name, route in (("", "again"), (", read anew,", "new")):
            what = f"API: GET /predictions{name} of datasette"
            rows.append(_row(what, share("datasette", route), "%", theirs))
    return rows


def _row(what: str, value: float, unit: str, beside: str) -> Row:
    return {"what": what, "value": round(value, 1), "unit": unit, "beside": beside}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(), indent=2, ensure_ascii=False) + "\n")
