"""All pages together are the whole list, whatever their size."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from api.queries import StepKey
from tests.api.tables import add_locations
from tests.api.test_api_surface import ROUTES, check_problem

PERIOD = {"start": "2019-07-08", "end": "2019-07-20"}
ASKED = [
    ("/predictions", {"date": "2019-07-11"}),
    ("/predictions", {"date": "2019-07-11", "location": "paris"}),
    ("/predictions/observed", PERIOD),
    ("/predictions/observed", {**PERIOD, "location": "paris"}),
    ("/locations", {}),
    ("/models", {}),
    ("/scores", {"location": "paris", "models": "all"}),
    ("/images/predictions", {}),
    ("/texts/predictions", {"true_label": "negative"}),
]


def read_all(client: Any, path: str, params: dict[str, Any], most: int = 200) -> list[Any]:
    """Follow `next` to the end; each page holds to its limit, and Link says the same."""
    pages = [client.get(path, params=params)]
    while more := pages[-1].json()["next"]:
        assert pages[-1].headers["link"] == f'<{more}>; rel="next"'
        pages.append(client.get(more))
        assert len(pages) < most
    assert "link" not in pages[-1].headers
    for page in pages:
        assert page.status_code == 200
        assert page.json()["count"] == len(page.json()["data"]) <= params.get("limit", 10_000)
    return pages


@pytest.mark.parametrize(("path", "params"), ASKED)
def test_all_pages_together_are_the_whole(client: Any, path: str, params: dict[str, str]) -> None:
    whole = client.get(path, params=params).json()
    assert whole["next"] is None
    for limit in (1, 3, 7, 8, 9, 50):
        pages = read_all(client, path, {**params, "limit": limit})
        assert [row for page in pages for row in page.json()["data"]] == whole["data"]
        assert len(pages) >= len(whole["data"]) / limit
        if "expected" in whole:
            assert {page.json()["expected"] for page in pages} == {whole["expected"]}


def test_a_page_has_the_scores_and_models_of_its_own_steps(client: Any) -> None:
    params = {"start": "2019-07-10", "end": "2019-07-12", "location": "paris", "limit": 8}

    pages = [page.json() for page in read_all(client, "/predictions/observed", params)]

    assert [page["scores"]["count"] for page in pages] == [8, 8, 6]
    models = [[model["model_id"][0] for model in page["models"]] for page in pages]
    assert models == [["a"], ["b"], ["b"]]


def test_no_row_is_lost_when_others_come_between_pages(own_client: Any, engine: Engine) -> None:
    first = own_client.get("/locations?limit=2").json()
    add_locations(engine, ("aaa", "UTC"), ("pau", "UTC"))
    second = own_client.get(first["next"]).json()

    assert [each["location"] for each in first["data"]] == ["brest", "paris"]
    assert [each["location"] for each in second["data"]] == ["pau", "quimper"]


def test_many_locations_without_a_forecast_are_skipped(own_client: Any, engine: Engine) -> None:
    add_locations(engine, *((f"a-{n:03d}", "UTC") for n in range(100)))

    pages = read_all(own_client, "/predictions", {"date": "2019-07-11", "limit": 8})

    rows = [step["location"] for page in pages for step in page.json()["data"]]
    assert rows == ["brest"] * 8 + ["paris"] * 8
    assert pages[0].json()["expected"] == 103 * 8
    assert own_client.get("/predictions?date=2018-01-01").status_code == 404


def test_a_cursor_that_no_answer_gave_is_422_and_that_of_a_removed_model_404(client: Any) -> None:
    for path, cursor in (
        ("/predictions", "paris"),
        ("/predictions", "paris.x"),
        ("/predictions", "paris.99999999999"),
        ("/predictions", "Paris.0"),
        ("/predictions", "paris.1\n"),
        ("/predictions/observed", ".0"),
        ("/scores", "b" * 64 + ".30d.0"),
        ("/scores", "b" * 64 + ".30d.x.8"),
        ("/locations", "Paris"),
        ("/locations", "'; DROP TABLE locations; --"),
        ("/models", "b"),
        ("/texts/predictions", "f" * 64),
        ("/texts/predictions", "f" * 64 + ".7"),
        ("/models", "b" * 65),
    ):
        response = client.get(path, params={**ROUTES[path], "cursor": cursor})
        problem = check_problem(response, 422, path)
        assert problem["errors"][0]["parameter"] == "cursor", cursor
    check_problem(client.get("/models", params={"cursor": "f" * 64}), 404, "/models")


@pytest.mark.parametrize("path", ["/predictions", "/predictions/observed", "/locations", "/models"])
def test_a_limit_is_from_1_to_10000(client: Any, path: str) -> None:
    for limit in ("0", "-1", "10001", "1.5", "", "many", "9" * 400):
        response = client.get(path, params={**ROUTES[path], "limit": limit})
        assert check_problem(response, 422, path)["errors"][0]["parameter"] == "limit"


@pytest.mark.parametrize("year", [1653, 1969, 1970, 2019, 2286])
def test_a_cursor_reads_as_it_was_written(year: int) -> None:
    key = StepKey("le-mans_2", datetime(year, 11, 20, 21, tzinfo=UTC))
    assert StepKey.parse(str(key)) == key
