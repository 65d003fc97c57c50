"""ETag, 304 and the response cache, which is never older than the data."""

import re
import threading
import time
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

import triptych.store.data_version
from api.app import Settings, create_app
from api.cache import ResponseCache
from api.responses import GZIP_BYTES, CachedResponse
from tests.api.conftest import TestClient, open_client
from tests.api.tables import create_filled
from tests.api.test_api_surface import LISTS, ROUTES
from triptych.store.engine import create_engine

DAY = "/predictions?date=2019-07-11&location=paris"


def first_temperature(client: Any) -> float:
    response = client.get(DAY)
    assert response.status_code == 200
    found: float = response.json()["data"][0]["temperature_2m"]
    return found


def count_hits(client: Any) -> float:
    (line,) = re.findall(r"(?m)^triptych_cache_hits_total (.+)$", client.get("/metrics").text)
    return float(line)


def warm(connection: Connection, temperature: float) -> None:
    statement = text("UPDATE predictions SET temperature_2m = :t WHERE location = 'paris'")
    connection.execute(statement, {"t": temperature})


@pytest.mark.parametrize("path", LISTS)
def test_etags_name_the_bytes_and_a_matching_one_is_304(client: Any, path: str) -> None:
    tags = set()
    for accept in ("application/json", "text/csv"):

        def ask(tag: Any = None, method: str = "GET", accept: str = accept) -> Any:
            headers = {"Accept": accept} | ({} if tag is None else {"If-None-Match": tag})
            return client.request(method, path, params=ROUTES[path], headers=headers)

        first, second = ask(), ask()
        assert first.content == second.content
        assert first.headers["etag"] == second.headers["etag"]
        assert first.headers["etag"].startswith('W/"')  # the same with and without gzip
        assert first.headers["cache-control"] == "no-cache"
        is_large = len(first.content) >= GZIP_BYTES
        assert first.headers["vary"] == ("Accept, Accept-Encoding" if is_large else "Accept")
        tags.add(first.headers["etag"])

        tag = first.headers["etag"].removeprefix("W/")
        for matching in (tag, f'W/{tag}, "x"', f'"x", {tag}', "*"):
            for method in ("GET", "HEAD"):
                again = ask(matching, method)
                assert (again.status_code, again.content) == (304, b"")
                assert "content-type" not in again.headers
                for name in ("etag", "cache-control", "vary"):
                    assert again.headers[name] == first.headers[name]
        for other in ('"x"', "x", "", '"*"', "é".encode()):
            assert ask(other).status_code == 200
    assert len(tags) == 2  # JSON and CSV


class TestNeverOld:
    def test_a_write_is_seen_from_its_commit_on(self, own_client: Any, engine: Engine) -> None:
        tag = own_client.get(DAY).headers["etag"]
        with engine.connect() as connection:
            for before, after in ((21.0, 5.0), (5.0, 6.0)):
                writing = connection.begin()
                warm(connection, after)
                assert [first_temperature(own_client) for _ in range(3)] == [before] * 3
                writing.commit()
                assert first_temperature(own_client) == after
                assert own_client.get(DAY, headers={"If-None-Match": tag}).status_code == 200
            writing = connection.begin()
            warm(connection, 7.0)
            writing.rollback()
        assert first_temperature(own_client) == 6.0
        hits = count_hits(own_client)
        for _ in range(5):
            own_client.get(DAY)
        assert count_hits(own_client) == hits + 5

    @pytest.mark.parametrize("seed", range(2))
    def test_two_writers_and_an_application_without_a_cache_agree(
        self, own_client: Any, url: str, engine: Engine, seed: int
    ) -> None:
        rng = Random(seed)  # noqa: S311
        fresh_app = create_app(Settings(database_url=url))
        fresh_app.state.cache = ResponseCache(max_bytes=0)
        other = create_engine(url)
        with TestClient(fresh_app) as fresh, engine.connect() as a, other.connect() as b:
            # SQLite lets one write at a time
            writers = [a] if engine.dialect.name == "sqlite" else [a, b]
            for step in range(40):
                writer = rng.choice(writers)
                if not writer.in_transaction():
                    place = "paris" if writer is a else "brest"
                    writer.execute(
                        text("UPDATE predictions SET lower = :v WHERE location = :p"),
                        {"v": float(-step), "p": place},
                    )
                elif rng.random() < 0.5:
                    writer.commit()
                else:
                    writer.rollback()
                target = f"/predictions?date=2019-07-{rng.choice([11, 12])}"
                assert own_client.get(target).content == fresh.get(target).content
        other.dispose()


def test_concurrent_requests_share_the_version_query(postgresql_url: str) -> None:
    create_filled(postgresql_url)
    engine = create_engine(postgresql_url)
    seen: list[float] = []
    stop = threading.Event()
    with open_client(postgresql_url) as client:

        def read() -> None:
            while not stop.is_set():
                seen.append(first_temperature(client))

        readers = [threading.Thread(target=read) for _ in range(8)]
        for reader in readers:
            reader.start()
        for temperature in range(100, 120):
            with engine.begin() as connection:
                warm(connection, float(temperature))
            # what is committed is in every answer that is requested from now on
            assert first_temperature(client) == temperature
            time.sleep(0.01)
        stop.set()
        for reader in readers:
            reader.join()
    engine.dispose()
    assert len(set(seen)) > 5


def test_nothing_is_cached_on_a_standby(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_filled(postgresql_url)
    query = str(triptych.store.data_version._SNAPSHOT)
    on_standby = text(query.replace("pg_is_in_recovery()", "TRUE"))
    monkeypatch.setattr(triptych.store.data_version, "_SNAPSHOT", on_standby)
    with open_client(postgresql_url) as client:
        for _ in range(3):
            assert first_temperature(client) == 21.0
        assert count_hits(client) == len(client.app.state.cache.responses) == 0


def make(size: int) -> CachedResponse:
    return CachedResponse(b"x" * size, {}, "")


class TestResponseCache:
    def test_the_memory_is_bounded_and_the_least_recently_used_goes(self) -> None:
        cache = ResponseCache(max_bytes=3 * make(1000).size)
        cache.get(1, "a")
        for key in "abc":
            cache.put(1, key, make(1000))
        cache.get(1, "a")
        cache.put(1, "d", make(1000))
        assert [key for key in "abcd" if cache.get(1, key)] == ["a", "c", "d"]
        assert cache.bytes == 3 * make(1000).size
        cache.put(1, "e", make(10_000))  # larger than all memory
        assert cache.get(1, "e") is None

    def test_another_version_empties_it_and_without_one_nothing_is_cached(self) -> None:
        cache = ResponseCache()
        cache.get(1, "a")
        cache.put(1, "a", make(10))
        assert cache.get(2, "a") is None
        cache.put(1, "a", make(10))  # read before the version changed
        assert cache.get(2, "a") is None
        assert cache.bytes == 0
        assert cache.get(None, "a") is None
        cache.put(None, "a", make(10))
        assert cache.get(None, "a") is None
