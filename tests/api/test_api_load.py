"""Load while a batch writes, production is switched or the service stops: no failure."""

import json
import signal
import time
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from tests.api.callers import Callers
from tests.api.tables import MODELS
from tests.fixtures.serving import serving

ALL = "/predictions?date=2019-07-11"
PERIOD = "/predictions/observed?start=2019-07-11&end=2019-07-12&location=paris"
DAY = "/predictions?date=2019-07-11&location=paris"


def check_whole(status: int, body: bytes) -> None:
    """Every step is of the same batch, and of the production model where it forecasts (Paris)."""
    assert status == 200, body
    answer = json.loads(body)
    assert answer["count"] in {8, 16}
    assert len({step["lower"] for step in answer["data"]}) == 1, "half a forecast"
    for forecast in answer.get("forecasts", []):
        assert forecast["model"]["stage"] == "production" or forecast["location"] == "brest"


def write_batch(engine: Engine, batch: int, live: str) -> None:
    """Forecast anew with a model, and put that one in production, in one transaction."""
    with engine.begin() as connection:
        for model in MODELS.values():
            connection.execute(
                text("UPDATE predictions SET lower = :batch WHERE model_id = :model"),
                {"batch": -float(batch), "model": model},
            )
        for stage, condition in (("archived", "<>"), ("production", "=")):
            connection.execute(
                text(f"UPDATE models SET stage = :stage WHERE model_id {condition} :live"),  # noqa: S608
                {"stage": stage, "live": live},
            )


@pytest.mark.parametrize("seconds", [4, pytest.param(300, marks=pytest.mark.acceptance)])
def test_batches_and_switches_of_production_disturb_nobody(
    url: str, engine: Engine, tmp_path: Path, seconds: int
) -> None:
    write_batch(engine, 0, MODELS["B"])
    seen: set[str] = set()
    batch, sizes = 0, []

    def check(status: int, body: bytes) -> None:
        check_whole(status, body)
        answer = json.loads(body)
        if [each["location"] for each in answer.get("forecasts", [])] == ["paris"]:
            name = answer["forecasts"][0]["model"]["name"]
            seen.add(name)
            first = answer["data"][0]["temperature_2m"]
            assert first == {"ridge": 21.0, "lightgbm": 31.0}[name]

    with (
        serving(url, tmp_path / "log") as (address, process),
        Callers(address, [DAY, ALL, PERIOD], 12, check) as callers,
    ):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            batch += 1
            write_batch(engine, batch, MODELS["BC"[batch % 2]])
            sizes.append(_read_size(process.pid))
            time.sleep(0.02)
        callers.stop()

    assert callers.failures == []
    assert seen == {"ridge", "lightgbm"}
    assert batch > 5 * seconds
    assert callers.count(200) == len(callers.statuses) > 50 * seconds
    if seconds > 60:  # its memory stays as it was after the first fifth
        assert max(sizes) < 1.1 * max(sizes[: len(sizes) // 5])


def _read_size(pid: int) -> int:
    """Read the resident memory of a process, in pages."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1])


def must_be_ok(status: int, _body: bytes) -> None:
    assert status == 200


def ask(address: str, target: str) -> HTTPResponse:
    connection = HTTPConnection(address.removeprefix("http://"))
    connection.request("GET", target)
    return connection.getresponse()


def test_no_request_fails_where_clients_follow_readiness(
    filled_template: Path, tmp_path: Path
) -> None:
    """As behind a load balancer: new requests go elsewhere once the service is not ready."""
    with (
        serving(f"sqlite:///{filled_template}", tmp_path / "log") as (address, process),
        Callers(address, [DAY, "/locations"], 20, must_be_ok) as callers,
    ):
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
