"""ETag, 304 and the response cache, which is never older than the data."""

import re
import threading
import time
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine, text

import triptych.store.data_version
from api.app import Settings, create_app
from api.cache import ResponseCache
from api.responses import GZIP_BYTES, CachedResponse
from tests.api.conftest import TestClient, open_client
from tests.api.tables import fill
from tests.api.test_api_surface import LISTS, ROUTES
from triptych.store.engine import create_engine
from triptych.store.migrate import migrate

DAY = "/predictions?date=2019-07-11&location=paris"


def first_temperature(client: Any) -> float:
    response = client.get(DAY)
    assert response.status_code == 200
    found: float = response.json()["data"][0]["temperature_2m"]
    return found


def count_hits(client: Any) -> float:
    (line,) = re.findall(r"(?m)^triptych_cache_hits_total (.+)$", client.get("/metrics").text)
    return float(line)


def warm(connection: Any, temperature: float) -> None:
    connection.execute(
        text("UPDATE predictions SET temperature_2m = :t WHERE location = 'paris'"),
        {"t": temperature},
    )


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("accept", ["application/json", "text/csv"])
class TestConditional:
    def test_an_answer_names_its_bytes(self, client: Any, path: str, accept: str) -> None:
        first, second = (
            client.get(path, params=ROUTES[path], headers={"Accept": accept}) for _ in range(2)
        )
        assert first.content == second.content
        assert first.headers["etag"] == second.headers["etag"]
        assert first.headers["etag"].startswith('W/"')  # the same with and without gzip
        assert first.headers["cache-control"] == "no-cache"
        is_large = len(first.content) >= GZIP_BYTES
        assert first.headers["vary"] == ("Accept, Accept-Encoding" if is_large else "Accept")

    @pytest.mark.parametrize("form", ["{0}", 'W/{0}, "x"', '"x", {0}', "*"])
    def test_a_matching_etag_is_304(self, client: Any, path: str, accept: str, form: str) -> None:
        full = client.get(path, params=ROUTES[path], headers={"Accept": accept})
        tags = form.format(full.headers["etag"].removeprefix("W/"))
        for ask in (client.get, client.head):
            headers = {"Accept": accept, "If-None-Match": tags}
            again = ask(path, params=ROUTES[path], headers=headers)
            assert again.status_code == 304
            assert again.content == b""
            assert "content-type" not in again.headers
            for name in ("etag", "cache-control", "vary"):
                assert again.headers[name] == full.headers[name]

    @pytest.mark.parametrize("tags", ['"x"', "x", "", '"*"', "é".encode()])
    def test_another_etag_is_200(self, client: Any, path: str, accept: str, tags: Any) -> None:
        headers = {"Accept": accept, "If-None-Match": tags}
        assert client.get(path, params=ROUTES[path], headers=headers).status_code == 200


def test_json_and_csv_have_different_names(client: Any) -> None:
    tags = {
        client.get(DAY, headers={"Accept": each}).headers["etag"]
        for each in ("text/csv", "application/json")
    }
    assert len(tags) == 2


class TestNeverOld:
    def test_a_write_is_in_the_next_answer(self, own_client: Any, engine: Engine) -> None:
        assert first_temperature(own_client) == 21.0
        for temperature in (1.0, 2.0, 3.0):
            with engine.begin() as connection:
                warm(connection, temperature)
            assert first_temperature(own_client) == temperature

    def test_a_write_is_seen_from_its_commit_on(self, own_client: Any, engine: Engine) -> None:
        with engine.connect() as connection:
            writing = connection.begin()
            warm(connection, 5.0)
            assert [first_temperature(own_client) for _ in range(3)] == [21.0] * 3
            writing.commit()
            assert first_temperature(own_client) == 5.0
            writing = connection.begin()
            warm(connection, 6.0)
            assert first_temperature(own_client) == 5.0
            writing.rollback()
            assert first_temperature(own_client) == 5.0

    def test_a_promotion_is_in_the_next_answer(self, own_client: Any, engine: Engine) -> None:
        tag = own_client.get(DAY).headers["etag"]
        with engine.begin() as connection:
            for name, stage in (("ridge", "archived"), ("lightgbm", "production")):
                connection.execute(
                    text("UPDATE models SET stage = :stage WHERE name = :name"),
                    {"stage": stage, "name": name},
                )

        response = own_client.get(DAY, headers={"If-None-Match": tag})

        assert response.status_code == 200
        assert response.json()["forecasts"][0]["model"]["name"] == "lightgbm"

    def test_without_a_write_it_is_not_read_again(self, own_client: Any) -> None:
        own_client.get(DAY)
        before = count_hits(own_client)
        for _ in range(5):
            own_client.get(DAY)
        assert count_hits(own_client) == before + 5

    @pytest.mark.parametrize("seed", range(3))
    def test_whatever_two_writers_do_it_is_what_a_fresh_application_says(
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


def test_many_at_once_share_the_look_at_a_server(postgresql_url: str) -> None:
    engine = create_engine(postgresql_url)
    migrate(engine)
    fill(engine)
    app = create_app(Settings(database_url=postgresql_url))
    seen: list[float] = []
    with TestClient(app) as client:
        stop = threading.Event()

        def read() -> None:
            while not stop.is_set():
                seen.append(first_temperature(client))

        readers = [threading.Thread(target=read) for _ in range(8)]
        for reader in readers:
            reader.start()
        for temperature in range(100, 120):
            with engine.begin() as connection:
                warm(connection, float(temperature))
            # what is committed is in every answer that is asked for from now on
            assert first_temperature(client) == temperature
            time.sleep(0.01)
        stop.set()
        for reader in readers:
            reader.join()
    engine.dispose()
    assert len(set(seen)) > 5


def test_a_standby_keeps_nothing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if url.startswith("sqlite"):
        pytest.skip("SQLite has no standby")
    on_standby = text(
        str(triptych.store.data_version._SNAPSHOT).replace("pg_is_in_recovery()", "TRUE")
    )
    monkeypatch.setattr(triptych.store.data_version, "_SNAPSHOT", on_standby)
    with open_client(url) as client:
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

    def test_a_response_larger_than_all_memory_is_not_cached(self) -> None:
        cache = ResponseCache(max_bytes=100)
        cache.get(1, "a")
        cache.put(1, "a", make(1000))
        assert (len(cache.responses), cache.bytes) == (0, 0)

    def test_another_version_empties_it(self) -> None:
        cache = ResponseCache()
        cache.get(1, "a")
        cache.put(1, "a", make(10))
        assert cache.get(2, "a") is None
        cache.put(1, "a", make(10))  # read before the version changed
        assert cache.get(2, "a") is None
        assert cache.bytes == 0

    def test_without_a_version_nothing_is_cached(self) -> None:
        cache = ResponseCache()
        assert cache.get(None, "a") is None
        cache.put(None, "a", make(10))
        assert cache.get(None, "a") is None
