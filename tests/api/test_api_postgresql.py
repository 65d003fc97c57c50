"""PostgreSQL stopped, locked or full: 503 with Retry-After, then 200 without a restart."""

import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.api.callers import Callers
from tests.api.tables import create_filled
from tests.fixtures.databases import start_postgresql
from tests.fixtures.serving import serving

DAY = "/predictions?date=2019-07-11&location=paris"
TARGETS = [DAY, "/predictions?date=2019-07-12", "/locations", "/health/ready"]


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    """Start a filled server of these tests' own, to break and to mend."""
    started = start_postgresql()
    create_filled(started.get_uri())
    yield started
    started.cleanup()


@pytest.fixture(scope="module")
def api(server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the API on that server, once for all tests; give its address."""
    log = tmp_path_factory.mktemp("api") / "log"
    with serving(server.get_uri() + "&application_name=counted", log) as (address, process):
        yield address
        assert process.poll() is None  # the same process all the time


def kill(server: Any) -> None:
    """End the server as a crash would: no client is told."""
    process = server.get_postmaster_info().process
    processes = [process, *process.children()]
    for each in processes:
        each.kill()
    for each in processes:
        each.wait(10)


def wait_for(happens: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end
        time.sleep(0.05)


def must_be_answered(status: int, body: bytes) -> None:
    assert status in {200, 503}, body
    if status == 503:
        assert b"urn:triptych:problem:database-unavailable" in body


@pytest.mark.parametrize("end", [kill, lambda server: server.stop()], ids=["killed", "stopped"])
def test_a_server_that_goes_under_load_and_comes_back(
    server: Any, api: str, end: Callable[[Any], None]
) -> None:
    with Callers(api, TARGETS, 12, must_be_answered) as callers:
        wait_for(lambda: callers.count(200) > 100)
        assert callers.count(503) == 0
        end(server)
        wait_for(lambda: callers.count(503) > 50)
        connection = HTTPConnection(api.removeprefix("http://"))
        connection.request("GET", DAY)
        response = connection.getresponse()
        assert (response.status, response.headers["retry-after"]) == (503, "10")
        connection.close()

        server.ensure_postgres_running()
        back = time.monotonic()
        good = callers.count(200)
        wait_for(lambda: callers.count(200) > good + 100)
        time.sleep(1)
        callers.stop()

    assert callers.failures == []
    late = [status for moment, status in callers.statuses if moment > back + 5]
    assert set(late) <= {200}
    assert callers.statuses[-1][1] == 200


def test_a_locked_table_is_not_waited_for(server: Any, api: str) -> None:
    with Callers(api, [DAY, "/version"], 2, lambda *_: None) as callers:
        wait_for(lambda: callers.count(200) > 20)
        with psycopg.connect(server.get_uri()) as connection:
            connection.execute("LOCK TABLE predictions, models, alembic_version")
            wait_for(lambda: callers.count(503) > 0)
            good = callers.count(200)
            wait_for(lambda: callers.count(200) > good)  # what needs no table continues
        bad = callers.count(503)
        time.sleep(4)
        callers.stop()

    assert callers.failures == []
    assert callers.count(503) <= bad + 1
    assert callers.statuses[-1][1] == 200


def test_the_api_takes_few_connections_whatever_the_load(server: Any, api: str) -> None:
    days = [f"/predictions?date=2019-07-{day}" for day in range(10, 17)]
    with (
        Callers(api, [*days, "/models"], 30, must_be_answered) as callers,
        psycopg.connect(server.get_uri(), autocommit=True) as connection,
    ):
        most = 0
        for _ in range(40):
            connection.execute("UPDATE predictions SET lower = lower - 1 WHERE location = 'paris'")
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'counted'"
            ).fetchone()
            most = max(most, row[0] if row else 0)
            time.sleep(0.05)
        callers.stop()

    assert callers.failures == []
    assert callers.count(503) == 0
    assert 1 <= most <= 10


def test_a_full_server_is_reported(server: Any, tmp_path: Path) -> None:
    others = []
    with serving(server.get_uri(), tmp_path / "log") as (address, _):
        try:
            while True:
                others.append(psycopg.connect(server.get_uri()))
        except psycopg.OperationalError:
            pass  # no connection is left
        with Callers(address, [DAY], 4, must_be_answered) as callers:
            wait_for(lambda: callers.count(503) > 10)
            for other in others:
                other.close()
            wait_for(lambda: callers.count(200) > 50)
            callers.stop()

    assert callers.failures == []
    assert callers.statuses[-1][1] == 200
