"""The OpenAPI page at /docs loads nothing from other hosts; in Chromium."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.api.browser import Tab, open_tab
from tests.api.conftest import open_client
from tests.api.test_api_surface import ROUTES, check_problem
from tests.fixtures.serving import Process

CHROMIUM = shutil.which("chromium")
FILES = (
    "/docs",
    "/static-offline-docs/swagger-ui-bundle.js",
    "/static-offline-docs/swagger-ui.css",
)


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
