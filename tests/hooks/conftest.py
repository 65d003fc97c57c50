"""A real MLflow server on a real PostgreSQL, as docs/tracking.md starts it."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Server:
    """Where a tracking server answers, and where it keeps what it is given."""

    url: str
    database_url: str
    artifacts: Path


@pytest.fixture
def server(postgresql_url: str, tmp_path: Path, tracking: str) -> Iterator[Server]:
    """Start it, wait until it answers, and end it with its workers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url, artifacts = f"http://127.0.0.1:{port}", tmp_path / "artifacts-of-the-server"
    log = tmp_path / "server.log"
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", "1", "--artifacts-destination", str(artifacts)),
        *("--backend-store-uri", postgresql_url.replace("postgresql://", "postgresql+psycopg://")),
    ]
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONWARNINGS": "ignore"}
    with log.open("w") as out:
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            env={**os.environ, **quiet},
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        _wait(f"{url}/health", process, log)
        yield Server(url, postgresql_url, artifacts)
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # nobody needs its state tomorrow
        process.wait(30)


def _wait(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 (our own server)
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"The server does not answer:\n{log.read_text()}")
