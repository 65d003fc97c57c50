"""How many predictions a second the API answers, beside an empty route of the same framework.

One worker on one core, wrk on the other; a database of a realistic size; places and days at random.
The empty routes: one of the same application, and one of an application that has nothing else.
"""

import json
import logging
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from urllib.error import URLError
from urllib.request import urlopen

from bench.api_tables import DAYS, FIRST_DAY, LOCATIONS, fill

logger = logging.getLogger(__name__)

TARGET = 60  # %: GET /predictions of the empty route, at least
_ROOT = Path(__file__).resolve().parent.parent
_ROUNDS = 3
_SECONDS = 10  # of each load in a round
_CONNECTIONS = 50
_START_SECONDS = 60
_SHARE = "API: GET /predictions of"
_SCRIPT = """
math.randomseed(1)
request = function()
  local day = os.date("!%Y-%m-%d", {first} + 86400 * math.random(0, {days} - 1))
  local place = string.format("city-%02d", math.random(0, {places} - 1))
  local more = {new} and "&limit=" .. math.random(8, 10000) or ""
  return wrk.format("GET", "/predictions?date=" .. day .. "&location=" .. place .. more)
end
"""

Row = dict[str, str | float]


def measure() -> list[Row]:
    """Measure in alternating rounds; give the rows `what, value, unit, beside` of the results.

    Raises:
        RuntimeError: wrk is not installed, or the server does not start.
    """
    if shutil.which("wrk") is None:
        raise RuntimeError("wrk is missing: it makes the load. Run `apt-get install wrk`.")
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/triptych.db"
        fill(url)
        scripts = [_write_script(Path(folder), new) for new in (False, True)]
        rounds = [_measure_round(url, Path(folder, "log.txt"), *scripts) for _ in range(_ROUNDS)]
    return _summarize(rounds)


def _write_script(folder: Path, new: bool) -> str:
    """Write what wrk asks for: days and places, each time in another way if `new`."""
    file = folder / f"predictions_{new}.lua"
    first = int(FIRST_DAY.timestamp())
    script = _SCRIPT.format(first=first, days=DAYS, places=len(LOCATIONS), new=str(new).lower())
    file.write_text(script)
    return str(file)


def _measure_round(url: str, log: Path, again: str, new: str) -> dict[str, Row]:
    with _serve("bench.api_app:bare", url, log, "/empty") as address:
        bare = _load(f"{address}/empty")
    with _serve("bench.api_app:app", url, log, "/health/ready") as address:
        found = {"bare": bare, "new": _load(address, "--script", new)}
        _load(address, "--script", again)  # until most have been asked for once
        return {
            **found,
            "empty": _load(f"{address}/empty"),
            "again": _load(address, "--script", again),
        }


def _summarize(rounds: list[dict[str, Row]]) -> list[Row]:
    def find(route: str, what: str) -> float:
        return median(float(each[route][what]) for each in rounds)

    def share(route: str, of: str) -> float:
        return median(100 * float(r[route]["rate"]) / float(r[of]["rate"]) for r in rounds)

    failed = sum(float(each[route]["failed"]) for each in rounds for route in ("again", "new"))
    beside = f"{_CONNECTIONS} connections, one core; empty route: {find('empty', 'rate'):.0f}"
    slow = f"empty route: {find('empty', 'p99'):.1f} ms; {_CONNECTIONS} connections"
    asked = "the day was asked for before"
    return [
        _row("API: GET /predictions", find("again", "rate"), "requests/s", f"{asked}; {beside}"),
        _row(f"{_SHARE} an empty route", share("again", "empty"), "%", f"at least {TARGET} %"),
        _row(f"{_SHARE} an empty FastAPI", share("again", "bare"), "%", f"at least {TARGET} %"),
        _row("API: GET /predictions, p99", find("again", "p99"), "ms", slow),
        _row("API: GET /predictions, read anew", find("new", "rate"), "requests/s", beside),
        _row("API: GET /predictions, failed requests", failed, "requests", "0"),
    ]


def _row(what: str, value: float, unit: str, beside: str) -> Row:
    return {"what": what, "value": round(value, 1), "unit": unit, "beside": beside}


@contextmanager
def _serve(app: str, url: str, log: Path, ready: str) -> Iterator[str]:
    """Start a server on one core, wait until a path answers, and stop it at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", app, "--port", str(port)]
    with log.open("w") as output:
        server = subprocess.Popen(
            [*_pin(0), *command, "--no-access-log", "--log-level", "warning"],
            cwd=_ROOT,
            env={**os.environ, "TRIPTYCH_DATABASE_URL": url},
            stderr=output,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_until_ready(address + ready, log)
            yield address
        finally:
            server.terminate()
            server.wait()


def _wait_until_ready(address: str, log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        try:
            with urlopen(address):  # noqa: S310
                return
        except URLError:
            time.sleep(0.1)
    raise RuntimeError(f"The server did not start in {_START_SECONDS} s: {log.read_text()[-2000:]}")


def _pin(core: int) -> list[str]:
    """Keep a program on one of two cores, where there are two and a tool for it."""
    return ["taskset", "-c", str(core)] if shutil.which("taskset") and os.cpu_count() != 1 else []


def _load(address: str, *more: str) -> Row:
    """Load one route with wrk and read what it prints."""
    command = ["wrk", "-t1", f"-c{_CONNECTIONS}", f"-d{_SECONDS}s", "--latency", *more, address]
    run = subprocess.run([*_pin(1), *command], capture_output=True, text=True, check=True)
    logger.debug("%s", run.stdout)
    return read_wrk(run.stdout)


def read_wrk(printed: str) -> Row:
    """Read requests a second, p99 in ms, and failed requests from what wrk prints."""
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", printed)
    broken = re.search(
        r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", printed
    )
    failed = [*(refused.groups() if refused else ()), *(broken.groups() if broken else ())]
    rate = re.search(r"Requests/sec:\s+([\d.]+)", printed)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", printed)
    if rate is None or p99 is None:
        raise RuntimeError(f"wrk printed no result: {printed}")
    scale = {"us": 0.001, "ms": 1.0, "s": 1000.0}[p99[2]]
    return {"rate": float(rate[1]), "p99": float(p99[1]) * scale, "failed": sum(map(int, failed))}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(), indent=2, ensure_ascii=False) + "\n")
