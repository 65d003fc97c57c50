"""Load tests: a server on one core and wrk on the other."""

import logging
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from bench.results import ROOT

logger = logging.getLogger(__name__)

CONNECTIONS = 50
_SECONDS = 10
_START_SECONDS = 60

Load = dict[str, float]  # requests per second, p99 in ms, failed requests


@contextmanager
def serve(command: Sequence[str], ready: str, log: Path, **environment: str) -> Iterator[str]:
    """Start a server, wait until it is ready, yield its address, and stop it.

    Args:
        command: Starts the server; `--port` and a free port are appended.
        ready: A path that responds when the server is ready.
        log: The file for its output.
        environment: Additional variables.

    Raises:
        RuntimeError: The server does not start.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with log.open("w") as output:
        server = subprocess.Popen(
            [*_pin(0), *command, "--port", str(port)],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=output,
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
    """Return a prefix that pins a command to a core, if there are two."""
    return ["taskset", "-c", str(core)] if shutil.which("taskset") and os.cpu_count() != 1 else []


def load(address: str, *more: str) -> Load:
    """Run wrk against a route."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{_SECONDS}s", "--latency", *more, address]
    run = subprocess.run([*_pin(1), *command], capture_output=True, text=True, check=True)
    logger.debug("%s", run.stdout)
    return read_wrk(run.stdout)


def read_wrk(printed: str) -> Load:
    """Parse the output of wrk."""
    rejected = re.search(r"Non-2xx or 3xx responses: (\d+)", printed)
    broken = re.search(
        r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", printed
    )
    failed = [*(rejected.groups() if rejected else ()), *(broken.groups() if broken else ())]
    rate = re.search(r"Requests/sec:\s+([\d.]+)", printed)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", printed)
    if rate is None or p99 is None:
        raise RuntimeError(f"wrk printed no result: {printed}")
    scale = {"us": 0.001, "ms": 1.0, "s": 1000.0}[p99[2]]
    return {"rate": float(rate[1]), "p99": float(p99[1]) * scale, "failed": sum(map(int, failed))}
