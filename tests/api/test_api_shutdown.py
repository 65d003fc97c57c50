"""SIGTERM: the API reports that it is not ready, completes its requests and stops."""

import json
import signal
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from tests.api.callers import Callers
from tests.fixtures.serving import Process, serving

DAY = "/predictions?date=2019-07-11&location=paris"


def must_be_ok(status: int, _body: bytes) -> None:
    assert status == 200


def ask(address: str, target: str) -> HTTPResponse:
    connection = HTTPConnection(address.removeprefix("http://"))
    connection.request("GET", target)
    return connection.getresponse()


@pytest.fixture
def running(filled_template: Path, tmp_path: Path) -> Iterator[tuple[str, Process]]:
    """Start an API to stop, with a log in tmp_path."""
    with serving(f"sqlite:///{filled_template}", tmp_path / "log") as started:
        yield started


def test_no_request_fails_where_clients_follow_readiness(
    running: tuple[str, Process], tmp_path: Path
) -> None:
    """As behind a load balancer: new requests go elsewhere once the service is not ready."""
    address, process = running
    with Callers(address, [DAY, "/locations"], 20, must_be_ok) as callers:
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        while (ready := ask(address, "/health/ready")).status == 200:
            time.sleep(0.1)
        assert (ready.status, ready.headers["retry-after"]) == (503, "10")
        assert json.loads(ready.read())["type"] == "urn:triptych:problem:stopping"
        answered = ask(address, DAY)
        assert (answered.status, answered.headers["connection"]) == (200, "close")
        time.sleep(0.5)
        callers.stop()
    code = process.wait(timeout=20)

    assert callers.failures == []
    assert callers.count(200) > 200
    assert code in {0, -signal.SIGTERM}
    last = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert any(line["message"] == "stopped" for line in last)
