"""Rules that hold for every route, a route that breaks them, and the OpenAPI page at /docs."""

import json
import logging
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from api.app import Settings, create_app
from tests.api.browser import Tab, open_tab
from tests.api.conftest import TestClient, open_client
from tests.fixtures.serving import Process

ROUTES = {
    "/predictions": {"date": "2019-07-11", "location": "paris"},
    "/predictions/observed": {"start": "2019-07-11", "end": "2019-07-12", "location": "paris"},
    "/scores": {"location": "paris"},
    "/images/predictions": {"wrong": "true"},
    "/texts/predictions": {"model": "texts-polarity"},
    "/locations": {},
    "/models": {},
    "/version": {},
    "/health/live": {},
    "/health/ready": {},
}
OTHERS = {
    "/", "/dashboard/{name}", "/docs", "/docs/oauth2-redirect", "/openapi.json", "/metrics",
    "/static-offline-docs",
}  # fmt: skip
LISTS = tuple(path for path in ROUTES if not path.startswith(("/version", "/health")))
PROBLEM = {"type", "title", "status", "detail", "instance", "request_id", "errors"}
_HEX_ID = re.compile(r"[0-9a-f]{32}")
CHROMIUM = shutil.which("chromium")
FILES = (
    "/docs",
    "/static-offline-docs/swagger-ui-bundle.js",
    "/static-offline-docs/swagger-ui.css",
)


def check_problem(response: Any, status: int, path: str) -> Any:
    """Check the form of an error; give its content."""
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    problem = response.json()
    assert set(problem) == PROBLEM
    assert (problem["status"], problem["instance"]) == (status, path)
    assert problem["request_id"] == response.headers["x-request-id"]
    kind = problem["type"].removeprefix("urn:triptych:problem:")
    assert re.fullmatch("[a-z-]+", kind)
    assert problem["title"] == kind.replace("-", " ").capitalize()
    for each in problem["errors"]:
        assert set(each) == {"parameter", "found", "allowed"}
        assert each["parameter"] in problem["detail"] or each["found"] in problem["detail"]
    assert len(problem["detail"]) > 20
    return problem


def check_unknown_parameter(client: Any, path: str, good: dict[str, str]) -> None:
    problem = check_problem(client.get(path, params={**good, "place": "10"}), 422, path)
    (error,) = problem["errors"]
    assert (error["parameter"], error["found"]) == ("place", "10")
    assert all(name in error["allowed"] for name in good)


def check_repeated_parameter(client: Any, path: str, good: dict[str, str]) -> None:
    for name, value in good.items():
        response = client.get(path, params=[*good.items(), (name, value)])
        problem = check_problem(response, 422, path)
        assert [each["parameter"] for each in problem["errors"]] == [name]


def check_log_line(client: Any, path: str, good: dict[str, str], caplog: Any) -> None:
    caplog.clear()
    with caplog.at_level(logging.DEBUG, logger="api"):
        assert client.get(path, params=good).status_code == 200
    (line,) = (record for record in caplog.records if record.name.startswith("api.routes."))
    assert line.levelno == (logging.DEBUG if path.startswith("/health/") else logging.INFO)


def check_envelope(client: Any, path: str, good: dict[str, str]) -> None:
    answer = client.get(path, params=good).json()
    assert isinstance(answer["data"], list)
    assert answer["count"] == len(answer["data"]) > 0


def check_methods(client: Any, path: str, good: dict[str, str]) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        response = client.request(method, path, params=good)
        check_problem(response, 405, path)
        assert response.headers["allow"] == "GET, HEAD"


def check_head(client: Any, path: str, good: dict[str, str]) -> None:
    got, headed = client.get(path, params=good), client.head(path, params=good)
    assert headed.status_code == got.status_code == 200
    assert headed.content == b""
    for name in ("content-length", "content-type"):
        assert headed.headers[name] == got.headers[name]


CHECKS = [check_unknown_parameter, check_repeated_parameter, check_methods, check_head]


def find_paths(routes: list[Any]) -> set[str]:
    paths = {route.path for route in routes if hasattr(route, "path")}
    for included in routes:
        if hasattr(included, "original_router"):
            paths |= find_paths(included.original_router.routes)
    return paths


def test_the_table_above_names_every_route(client: Any) -> None:
    assert find_paths(client.app.routes) == {*ROUTES, *OTHERS}
    assert set(client.get("/openapi.json").json()["paths"]) == set(ROUTES)


@pytest.mark.parametrize("path", ROUTES)
def test_every_route_follows_the_rules(client: Any, path: str, caplog: Any) -> None:
    for check in CHECKS:
        check(client, path, ROUTES[path])
    if path in LISTS:
        check_envelope(client, path, ROUTES[path])
    check_log_line(client, path, ROUTES[path], caplog)
    check_problem(client.get(path + "/", params=ROUTES[path]), 404, path + "/")


def test_an_unknown_route_is_a_problem(client: Any) -> None:
    for path in (
        "/dashboard/", "/dashboard/nope", "/dashboard/%2e%2e%2fapp.py", "/docs/index.html",
        "/docs/redoc.standalone.js", "/docs/%2e%2e%2fapp.py", "/nope", "/predictions/nope",
        "/%0d%0aX-Evil:1", "/é", "/dashboard/%00",
    ):  # fmt: skip
        response = client.get(path)
        check_problem(response, 404, response.json()["instance"])
        assert "x-evil" not in response.headers


class TestRequestId:
    def test_a_good_one_stays_and_others_are_generated(self, client: Any) -> None:
        good = client.get("/version", headers={"X-Request-ID": "Batch_7.42-a"})
        assert good.headers["x-request-id"] == "Batch_7.42-a"
        seen = {client.get("/version").headers["x-request-id"] for _ in range(3)}
        assert len(seen) == 3
        for given in ("", "a b", "a" * 65, "a;b", "é".encode()):
            response = client.get("/nope", headers={"X-Request-ID": given})
            assert _HEX_ID.fullmatch(response.headers["x-request-id"])
            assert response.json()["request_id"] == response.headers["x-request-id"]

    def test_it_is_in_the_log_lines(
        self, sqlite_file: Any, capfd: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Kedro, which the API never imports, may write on in this process for other tests
        monkeypatch.setattr(logging.root, "handlers", [])
        app = create_app(Settings(database_url=f"sqlite:///{sqlite_file}"))
        with TestClient(app) as client:
            client.get("/locations", headers={"X-Request-ID": "abc"})
            client.get("/predictions?a%0Ab=1", headers={"X-Request-ID": "def"})

        # each line is one JSON object, whatever the caller sent
        lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
        by_id = {line["request_id"]: line for line in lines}
        assert set(by_id["abc"]) == {"time", "level", "logger", "request_id", "message"}
        assert by_id["abc"]["logger"] == "api.routes.catalog"
        assert (by_id["abc"]["level"], by_id["abc"]["message"]) == ("INFO", "3 locations")
        assert (by_id["def"]["level"], by_id["def"]["logger"]) == ("WARNING", "api.problems")
        assert by_id["def"]["message"].startswith("GET '/predictions' rejected: 422")


@pytest.fixture
def loose() -> Iterator[Any]:
    """Give a client of an application whose route breaks every rule above."""
    app = FastAPI()

    @app.api_route("/loose", methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
    async def get_loose(date: str = "") -> JSONResponse:
        return JSONResponse({"data": [1, 2], "count": 3, "date": date})

    with TestClient(app) as opened:
        yield opened


@pytest.mark.parametrize("check", [*CHECKS, check_envelope])
def test_a_route_that_breaks_a_rule_is_caught(loose: Any, check: Any) -> None:
    with pytest.raises(AssertionError):
        check(loose, "/loose", {"date": "x"})


def test_a_missing_log_line_or_another_error_shape_is_caught(loose: Any, caplog: Any) -> None:
    with pytest.raises(ValueError, match="not enough values"):
        check_log_line(loose, "/loose", {}, caplog)
    with pytest.raises(AssertionError):
        check_problem(loose.get("/error"), 404, "/error")


def test_the_page_runs_scripts_of_this_service_alone(client: Any) -> None:
    page = client.get("/docs")

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'" in policy
    assert not re.search(r"https?:|\*", policy)
    assert not re.search(r"""["'(=]\s*(https?:)?//""", page.text)
    check_problem(client.get("/docs", params={"x": "1"}), 422, "/docs")


def test_it_needs_no_database(tmp_path: Path) -> None:
    with open_client(f"sqlite:///{tmp_path / 'away.db'}") as client:
        assert [client.get(path).status_code for path in FILES] == [200] * len(FILES)


def must_be_of(address: str, tab: Tab) -> None:
    """All that a tab requested is of one service, or inline."""
    assert tab.asked
    foreign = [each for each in tab.asked if not each.startswith((f"{address}/", "data:"))]
    assert foreign == []


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")
def test_a_route_is_tried_and_no_other_host_is_requested(
    served: tuple[str, Process], tmp_path: Path
) -> None:
    assert CHROMIUM
    address, _ = served
    with open_tab(CHROMIUM, tmp_path) as tab:
        tab.call("Page.navigate", url=f"{address}/docs")
        for route in ROUTES:
            tab.wait_for(route, "#swagger-ui")
        tab.evaluate("document.querySelector('#operations-service-get-version button').click()")
        tab.wait_for("Execute", "#operations-service-get-version")
        tab.evaluate("document.querySelector('.execute').click()")
        tab.wait_for('"version": "0.0.0"', ".live-responses-table")
        assert tab.faults == []
        must_be_of(address, tab)

        tab.call("Page.navigate", url="http://127.0.0.1:9/planted")
        with pytest.raises(AssertionError):
            must_be_of(address, tab)
