"""The OpenAPI page at /docs: its own files alone, and in a real Chromium no other host is asked."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from api.access import OPEN_PATHS
from api.routes.docs import FOLDER
from tests.api.browser import Tab, open_tab
from tests.api.conftest import open_client
from tests.api.test_api_page import check_own
from tests.api.test_api_surface import ROUTES, check_problem
from tests.fixtures.serving import serving

CHROMIUM = shutil.which("chromium")
FILES = {
    "/docs": "text/html; charset=utf-8",
    "/docs/start.js": "text/javascript; charset=utf-8",
    "/docs/swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "/docs/swagger-ui.css": "text/css; charset=utf-8",
}


@pytest.mark.parametrize("path", FILES)
def test_a_file_is_served_with_its_policy_and_once_for_each_client(client: Any, path: str) -> None:
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["etag"]})

    assert first.headers["content-type"] == FILES[path]
    # scripts are files of this service alone; no address of another host stands in the policy
    policy = first.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert not re.search(r"https?:|\*", policy)
    assert (again.status_code, again.content) == (304, b"")
    check_problem(client.get(path, params={"x": "1"}), 422, path)
    assert path in OPEN_PATHS


def test_its_own_files_take_nothing_from_elsewhere() -> None:
    for file in FOLDER.iterdir():
        check_own(file.read_text(encoding="utf-8"))


def test_it_needs_no_database(tmp_path: Path) -> None:
    with open_client(f"sqlite:///{tmp_path / 'away.db'}") as client:
        assert [client.get(path).status_code for path in FILES] == [200] * len(FILES)


def must_be_of(address: str, tab: Tab) -> None:
    """All that a tab asked for is of one service, or stands in the page itself."""
    assert tab.asked
    foreign = [each for each in tab.asked if not each.startswith((f"{address}/", "data:"))]
    assert foreign == []


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")
def test_a_route_is_tried_and_no_other_host_is_asked(sqlite_file: Path, tmp_path: Path) -> None:
    assert CHROMIUM
    with (
        serving(f"sqlite:///{sqlite_file}", tmp_path / "log") as (address, _),
        open_tab(CHROMIUM, tmp_path) as tab,
    ):
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
