"""API key, CORS, security headers, hostile and malformed requests, and metrics."""

import logging
import socket
from typing import Any

import pytest

from api.app import Settings, create_app
from tests.api.conftest import TestClient, open_client
from tests.api.test_api_surface import ROUTES, check_problem
from tests.fixtures.serving import Process

KEY = "c0rrect-hörse"
ORIGIN = "https://weather.example"
SECURITY = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
OPEN_PATHS = {
    "/", "/dashboard/page.js", "/docs", "/static-offline-docs/swagger-ui.css", "/health/live",
    "/health/ready", "/openapi.json", "/version",
}  # fmt: skip
CLOSED = sorted({*ROUTES, "/metrics", "/nope"} - OPEN_PATHS)
WRONG_KEYS: list[Any] = [
    {}, {"X-API-Key": ""}, {"X-API-Key": "wrong"}, {"X-API-Key": KEY[:-1].encode()},
    {"X-API-Key": (KEY + " x").encode()}, {"Authorization": f"Bearer {KEY}".encode()},
    [(b"X-API-Key", KEY.encode()), (b"X-API-Key", b"x")],
]  # fmt: skip
END = b"Host: x\r\nConnection: close\r\n\r\n"
GOOD = b"GET /locations HTTP/1.1\r\n"


@pytest.fixture(scope="module")
def locked(filled_url: str) -> Any:
    """Give a client of an API that needs a key."""
    with open_client(filled_url, api_key=KEY) as opened:
        yield opened


class TestKey:
    @pytest.mark.parametrize("path", CLOSED)
    def test_without_it_nothing_is_returned(self, locked: Any, path: str) -> None:
        for headers in WRONG_KEYS:
            response = locked.get(path, params=ROUTES.get(path, {}), headers=headers)
            check_problem(response, 401, path)
            assert "X-API-Key" in response.headers["www-authenticate"]
            assert KEY not in response.text

    def test_with_it_every_route_answers_and_others_need_none(self, locked: Any) -> None:
        for path, params in ROUTES.items():
            response = locked.get(path, params=params, headers={"X-API-Key": KEY.encode()})
            assert response.status_code == 200
            private = response.headers["cache-control"] == "private, no-cache"
            assert private == (path not in OPEN_PATHS)
        assert {locked.get(path).status_code for path in OPEN_PATHS} == {200}

    def test_openapi_describes_it(self, locked: Any, client: Any) -> None:
        document = locked.get("/openapi.json").json()

        (scheme,) = document["components"]["securitySchemes"].values()
        assert scheme == {"type": "apiKey", "in": "header", "name": "X-API-Key"}
        for path, item in document["paths"].items():
            assert ("security" in item["get"]) == ("401" in item["get"]["responses"])
            assert ("security" in item["get"]) == (path not in OPEN_PATHS)
        assert "401" not in client.get("/openapi.json").text

    def test_it_is_shown_nowhere(self, filled_url: str, caplog: Any, capfd: Any) -> None:
        settings = Settings(database_url=filled_url, api_key=KEY)
        with caplog.at_level(logging.DEBUG), TestClient(create_app(settings)) as client:
            client.get("/locations", headers={"X-API-Key": KEY.encode()})
            client.get("/locations", headers={"X-API-Key": b"wrong-one"})
        printed = capfd.readouterr().err
        for secret in (KEY, "wrong-one"):
            assert secret not in f"{settings!r} {settings} {printed} {caplog.text}"

    @pytest.mark.parametrize(
        ("value", "given", "status"),
        [(None, "", 200), ("", "", 200), ("k", "", 401), ("k", "k", 200)],
    )
    def test_it_comes_from_the_environment(
        self, filled_url: str, value: Any, given: str, status: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if value is not None:
            monkeypatch.setenv("TRIPTYCH_API_KEY", value)
        with open_client(filled_url) as client:
            assert client.get("/locations", headers={"X-API-Key": given}).status_code == status


class TestCors:
    def test_it_is_closed(self, client: Any) -> None:
        headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
        for path, params in ROUTES.items():
            for method in ("GET", "OPTIONS"):
                response = client.request(method, path, params=params, headers=headers)
                assert not [name for name in response.headers if name.startswith("access-control")]

    def test_named_origins_may_read_answers_and_rejections(
        self, filled_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TRIPTYCH_CORS_ORIGINS", f"https://a.example, {ORIGIN}/")
        with open_client(filled_url, api_key="k") as client:
            asked = {"Access-Control-Request-Method": "GET"}
            asked["Access-Control-Request-Headers"] = "x-api-key"
            preflight = client.options("/locations", headers={"Origin": ORIGIN, **asked})
            good = client.get("/locations", headers={"Origin": ORIGIN, "X-API-Key": "k"})
            again = client.get("/locations", headers={"Origin": ORIGIN, "X-API-Key": "k"})
            rejected = client.get("/locations", headers={"Origin": ORIGIN})
            other = client.get("/locations", headers={"Origin": "https://evil", "X-API-Key": "k"})

        assert preflight.status_code == 200
        assert "x-api-key" in preflight.headers["access-control-allow-headers"].lower()
        assert (good.status_code, rejected.status_code) == (200, 401)
        for response in (preflight, good, again, rejected):
            assert response.headers["access-control-allow-origin"] == ORIGIN
        # a cached response has no header of an earlier caller
        del good.headers["x-request-id"], again.headers["x-request-id"]
        assert good.headers.multi_items() == again.headers.multi_items()
        assert "access-control-allow-origin" not in other.headers
        assert "access-control-allow-credentials" not in good.headers
        assert "ETag" in good.headers["access-control-expose-headers"]

    def test_they_may_read_every_error(self, filled_url: str) -> None:
        app = create_app(Settings(database_url=filled_url, cors_origins=ORIGIN))

        @app.get("/broken")
        async def get_broken() -> None:
            raise ZeroDivisionError

        with TestClient(app) as client:
            for status, path, headers in (
                (404, "/nope", {}),
                (422, "/locations?a=" + "x" * 40_000, {}),
                (431, "/locations", {"X-Big": "x" * 20_000}),
                (500, "/broken", {}),
            ):
                response = client.get(path, headers={"Origin": ORIGIN, **headers})
                check_problem(response, status, path.partition("?")[0])
                assert response.headers["access-control-allow-origin"] == ORIGIN
                assert "X-Request-ID" in response.headers["access-control-expose-headers"]


def test_every_answer_has_the_security_headers(client: Any) -> None:
    for path in [*ROUTES, "/nope", "/metrics"]:
        for params in (ROUTES.get(path, {}), {"nope": "1"}):
            headers = client.get(path, params=params).headers
            assert {name: headers[name] for name in SECURITY} == SECURITY
            assert headers.get_list("cache-control") in (["no-cache"], ["no-store"])
            assert len(headers.get_list("x-request-id")) == 1


@pytest.mark.parametrize(
    "query",
    [
        "a=" + "x" * 60_000,
        "&".join(f"p{n}=1" for n in range(5000)),
        "&" * 31,
        "%00=%00",
        "date=2019-07-11%0d%0aSet-Cookie:%20x=1",
        "location=paris%27%20UNION%20SELECT%20version_num%20FROM%20alembic_version--",
        "%ff%fe=%c3%28",
        "date[]=2019-07-11&date[$gt]=",
    ],
    ids=range(8),
)
def test_a_hostile_query_is_refused(client: Any, query: str) -> None:
    for path in ROUTES:
        response = client.get(f"{path}?{query}")
        check_problem(response, 422, path)
        assert "set-cookie" not in response.headers
        assert len(response.content) < 20_000


def test_an_odd_method_is_refused(client: Any) -> None:
    for method in ("TRACE", "PROPFIND", "CONNECT", "X" * 200):
        check_problem(client.request(method, "/locations"), 405, "/locations")


def test_metrics_count_requests_by_route_in_the_format_of_prometheus(filled_url: str) -> None:
    with open_client(filled_url, version="1.2.3") as client:
        for _ in range(3):
            client.get("/predictions", params=ROUTES["/predictions"])
        client.head("/locations")
        client.get("/predictions?date=x")
        for n in range(50):
            client.get(f"/nope/{n}")
            client.request(f"M{n}", "/nope")
        response = client.get("/metrics")
        assert client.get("/metrics?x=1").status_code == 422

    assert response.headers["content-type"].startswith("text/plain; version=")
    assert set(response.text.splitlines()) > {
        'http_requests_total{method="GET",route="/predictions",status="200"} 3.0',
        'http_requests_total{method="GET",route="/predictions",status="422"} 1.0',
        'http_requests_total{method="HEAD",route="/locations",status="200"} 1.0',
        'http_requests_total{method="GET",route="none",status="404"} 50.0',
        'http_requests_total{method="other",route="none",status="404"} 50.0',
        'http_request_duration_seconds_count{route="/predictions"} 4.0',
        'triptych_build_info{version="1.2.3"} 1.0',
        "triptych_cache_entries 2.0",
        "triptych_cache_hits_total 2.0",
    }
    assert "process_resident_memory_bytes" in response.text
    assert response.text.count("http_requests_total{") < 10


@pytest.fixture
def port(served: tuple[str, Process]) -> int:
    """Give the port of a running API."""
    return int(served[0].rsplit(":", 1)[1])


def ask(port: int, request: bytes) -> bytes:
    """Send bytes, and read all that comes back."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        parts = []
        try:
            connection.sendall(request)
            while part := connection.recv(65536):
                parts.append(part)
        except ConnectionError:  # it had read enough, and says so before the end
            pass
    return b"".join(parts)


def test_hostile_bytes_are_refused(port: int) -> None:
    for request, status in (
        (b"GET /locations?" + b"a" * 5_000_000 + b" HTTP/1.1\r\n" + END, 400),
        (b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n" + END, 400),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n" + END, 404),
        (GOOD + b"X-Big: " + b"a" * 200_000 + b"\r\n" + END, 431),
        (GOOD + b"".join(b"X-%d: 1\r\n" % n for n in range(5000)) + END, 431),
        (GOOD + b"X-Request-ID: a\rSet-Cookie: x\r\n" + END, 400),
        (GOOD + b"X-Request-ID: a\nSet-Cookie: x\r\n" + END, 400),
        (GOOD + b"Accept: " + b"a/b," * 4000 + b"\r\n" + END, 406),
        (GOOD + b"If-None-Match: " + b'"' * 16_000 + b"\r\n" + END, 200),
        (b"GET /texts/predictions?item=" + b"%F0%9F%98%80" * 2500 + b" HTTP/1.1\r\n" + END, 404),
        (b"GET /texts/predictions?item=" + b"%F0%9F%98%80" * 2501 + b" HTTP/1.1\r\n" + END, 422),
        (b"GET /loc\0ations HTTP/1.1\r\n" + END, 400),
        (b"GET /%00 HTTP/1.1\r\n" + END, 404),
        (b"GET /..%2f..%2fetc%2fpasswd HTTP/1.1\r\n" + END, 404),
        (b"GET /locations?x\xff\xfe HTTP/1.1\r\n" + END, 400),
        (b"NONSENSE\r\n\r\n", 400),
        (b"GET /locations HTTP/9.9\r\n" + END, 400),
        (GOOD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n" + END, 400),
    ):  # fmt: skip
        answer = ask(port, request)
        assert answer.startswith(b"HTTP/1.1 %d " % status), (request[:60], answer[:60])
        assert b"set-cookie" not in answer.lower()
        assert ask(port, GOOD + END).startswith(b"HTTP/1.1 200 ")


def test_a_forged_host_leads_nowhere(port: int) -> None:
    answer = ask(
        port, b"GET /locations?limit=1 HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n"
    )

    assert b'rel="next"' in answer
    assert b"evil" not in answer
