"""A server on one core, wrk on the other, and what wrk says."""

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

logger = logging.getLogger(__name__)

CONNECTIONS = 50
_ROOT = Path(__file__).resolve().parent.parent
_SECONDS = 10
_START_SECONDS = 60

Row = dict[str, str | float]


@contextmanager
def serve(command: Sequence[str], ready: str, log: Path, **environment: str) -> Iterator[str]:
    """Start a server, wait until a path answers, give its address, and stop it at the end.

    Args:
        command: what starts it; `--port` and a free port are added.
        ready: a path that answers once the server is ready.
        log: the file for what it writes.
        environment: more variables.

    Raises:
        RuntimeError: it does not start.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with log.open("w") as output:
        server = subprocess.Popen(
            [*_pin(0), *command, "--port", str(port)],
            cwd=_ROOT,
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
    """Keep a program on one of two cores, where there are two and a tool for it."""
    return ["taskset", "-c", str(core)] if shutil.which("taskset") and os.cpu_count() != 1 else []


def load(address: str, *more: str) -> Row:
    """Load one route with wrk and read what it prints."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{_SECONDS}s", "--latency", *more, address]
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
