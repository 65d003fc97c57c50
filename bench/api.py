"""How many predictions a second the API answers, beside an empty route of the same server.

One worker on one core, wrk on the other; a database of a realistic size; places and days at random.
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

TARGET = 20  # %: GET /predictions of the empty route, at least
_ROOT = Path(__file__).resolve().parent.parent
_ROUNDS = 3
_SECONDS = 10  # of each route in a round
_CONNECTIONS = 16
_START_SECONDS = 60
_SCRIPT = """
math.randomseed(1)
request = function()
  local day = os.date("!%Y-%m-%d", {first} + 86400 * math.random(0, {days} - 1))
  local place = string.format("city-%02d", math.random(0, {places} - 1))
  return wrk.format("GET", "/predictions?date=" .. day .. "&location=" .. place)
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
        script = Path(folder, "predictions.lua")
        first = int(FIRST_DAY.timestamp())
        script.write_text(_SCRIPT.format(first=first, days=DAYS, places=len(LOCATIONS)))
        with _serve(url, Path(folder, "log.txt")) as address:
            rounds = [
                (_load(f"{address}/empty"), _load(address, "--script", str(script)))
                for _ in range(_ROUNDS)
            ]
    return _summarize(rounds)


def _summarize(rounds: list[tuple[Row, Row]]) -> list[Row]:
    empty = median(float(round_[0]["rate"]) for round_ in rounds)
    rate = median(float(round_[1]["rate"]) for round_ in rounds)
    share = median(100 * float(r["rate"]) / float(e["rate"]) for e, r in rounds)
    failed = sum(float(round_[1]["failed"]) for round_ in rounds)
    p99 = median(float(round_[1]["p99"]) for round_ in rounds)
    seconds = f"{_ROUNDS * _SECONDS} s, {_CONNECTIONS} connections, one core"
    return [
        _row("API: GET /predictions", rate, "requests/s", f"empty route: {empty:.0f} requests/s"),
        _row("API: GET /predictions of an empty route", share, "%", f"at least {TARGET} %"),
        _row("API: GET /predictions, p99", p99, "ms", seconds),
        _row("API: GET /predictions, failed requests", failed, "requests", f"0 in {seconds}"),
    ]


def _row(what: str, value: float, unit: str, beside: str) -> Row:
    return {"what": what, "value": round(value, 1), "unit": unit, "beside": beside}


@contextmanager
def _serve(url: str, log: Path) -> Iterator[str]:
    """Start the server on one core, wait until it is ready, and stop it at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "bench.api_app:app", "--port", str(port)]
    with log.open("w") as output:
        server = subprocess.Popen(
            [*_pin(0), *command, "--no-access-log", "--log-level", "warning"],
            cwd=_ROOT,
            env={**os.environ, "TRIPTYCH_DATABASE_URL": url},
            stderr=output,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_until_ready(address, log)
            yield address
        finally:
            server.terminate()
            server.wait()


def _wait_until_ready(address: str, log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        try:
            with urlopen(f"{address}/health/ready"):  # noqa: S310
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
