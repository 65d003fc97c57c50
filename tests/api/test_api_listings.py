"""Version, health, lists and their pages, scores, and the OpenAPI document."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, delete

from api.app import create_app
from api.queries import StepKey
from tests.api.conftest import TestClient, open_client
from tests.api.tables import CLASSIFIERS, MODELS, RIDGE_2, SCORES, add_locations
from tests.api.test_api_surface import LISTS, ROUTES, check_problem
from triptych.store.tables import forecast_scores

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


def test_version_and_health(client: Any, monkeypatch: pytest.MonkeyPatch, filled_url: str) -> None:
    assert client.get("/version").json() == {"version": "0.0.0"}  # the image has another
    for path in ("/health/live", "/health/ready"):
        assert client.get(path).json() == {"status": "ok"}
    monkeypatch.setenv("TRIPTYCH_VERSION", "3f5c2ab")
    monkeypatch.setenv("TRIPTYCH_DATABASE_URL", filled_url)
    with TestClient(create_app()) as opened:
        assert opened.get("/version").json() == {"version": "3f5c2ab"}
        assert opened.get("/locations").json()["count"] == 3


def test_locations_are_listed_by_slug(client: Any) -> None:
    answer = client.get("/locations").json()

    assert [place["location"] for place in answer["data"]] == ["brest", "paris", "quimper"]
    assert answer["count"] == 3
    assert answer["data"][1] == {
        "location": "paris", "name": "Paris", "latitude": 48.85, "longitude": 2.35,
        "elevation": 35.0, "timezone": "Europe/Paris", "source": "open_meteo",
    }  # fmt: skip


def test_locations_are_found_by_a_part_of_their_name(client: Any) -> None:
    def find(text: str) -> list[str]:
        page = client.get("/locations", params={"search": text}).json()
        return [place["location"] for place in page["data"]]

    assert find("R") == ["brest", "paris", "quimper"]
    assert find("mper") == ["quimper"]
    assert find("%") == []
    page = client.get("/locations", params={"search": "r", "limit": 1}).json()
    assert "search=r" in page["next"]


def test_the_location_of_an_exact_slug_comes_first(own_client: Any, engine: Engine) -> None:
    add_locations(engine, *((slug, "UTC") for slug in ("a-paris", "o-paris", "paris-2", "pau")))
    for limit in (1, 2, 3, 4):
        params = {"search": "Paris", "limit": limit}
        pages = read_all(own_client, "/locations", params)
        found = [place["location"] for page in pages for place in page.json()["data"]]
        assert found == ["paris", "a-paris", "o-paris", "paris-2"]


def test_models_are_listed_production_first_then_the_newest(client: Any) -> None:
    answer = client.get("/models").json()

    ids = MODELS | CLASSIFIERS
    assert [model["model_id"] for model in answer["data"]] == [ids[key] for key in "BFDCAGE"]
    assert answer["count"] == 7
    review = answer["data"][1]
    assert (review["kind"], review["locations"]) == ("texts", [])
    assert (review["train_start"], review["train_end"]) == (None, None)
    assert answer["data"][0] == {
        **RIDGE_2, "kind": "temperature", "locations": ["brest", "paris"],
        "as_of": "2019-01-01T00:00:00Z", "parameters": {"alpha": 10.0},
        "features": ["lag_1", "solar_elevation"], "metrics": {"rmse": 1.6},
        "mlflow_run_id": "0" * 32, "model_uri": "models:/m-1", "data_sha256": "d" * 64,
        "git_commit": "e" * 40, "approved_by": "Ada", "approved_at": "2019-02-01T00:00:00Z",
        "created_at": "2019-02-01T00:00:00Z",
    }  # fmt: skip


def test_an_empty_database_lists_nothing_and_predicts_nothing(engine: Engine) -> None:
    with open_client(engine.url.render_as_string(hide_password=False)) as opened:
        for path in ("/locations", "/models"):
            assert opened.get(path).json() == {"data": [], "count": 0, "next": None}
        for path in ("/predictions?date=2019-07-14", "/predictions?date=2019-07-14&location=paris"):
            problem = check_problem(opened.get(path), 404, "/predictions")
            assert "run the pipelines first" in problem["detail"]


def test_scores_of_the_production_model_or_of_all(client: Any) -> None:
    answer = client.get("/scores", params={"location": "paris"}).json()

    keys = ("window", "data_age", "lead", "rmse")
    assert [tuple(row[key] for key in keys) for row in answer["data"]] == SCORES
    assert answer["data"][0] == {
        **RIDGE_2, "location": "paris", "window": "30d", "lead": "2", "data_age": 0,
        "count": 30, "days": 30, "rmse": 1.5, "mae": 1.0, "bias": 0.1, "skill_day": 0.25,
        "skill_climatology": 0.5, "skill_persistence": None, "coverage": 0.9, "width": 4.2,
        "window_end": "2019-07-12T18:00:00Z",
    }  # fmt: skip
    answer = client.get("/scores", params={"location": "paris", "models": "all"}).json()
    assert [row["model_id"][0] for row in answer["data"]] == ["a"] * 2 + ["b"] * len(SCORES)


@pytest.mark.parametrize(
    ("params", "status", "named"),
    [
        ({"location": "atlantis"}, 404, "no location 'atlantis' with scores"),
        ({"location": "quimper"}, 404, "Known: paris."),
        ({"location": "Paris"}, 422, "Did you mean `paris`?"),
        ({}, 422, "location: missing"),
        ({"location": "paris", "models": "some"}, 422, "models: 'some'"),
    ],
)
def test_an_error_of_scores_names_what_exists(
    client: Any, params: dict[str, str], status: int, named: str
) -> None:
    problem = check_problem(client.get("/scores", params=params), status, "/scores")
    assert named in problem["detail"]


def test_before_monitoring_has_run_there_are_no_scores(own_client: Any, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(delete(forecast_scores))
    response = own_client.get("/scores", params={"location": "paris"})
    assert "run the pipelines first" in check_problem(response, 404, "/scores")["detail"]


def test_openapi_names_and_explains_everything(client: Any) -> None:
    response = client.get("/openapi.json")
    document = response.json()

    referred = set(re.findall(r'"#/components/schemas/(\w+)"', response.text))
    assert {"Problem"} < referred <= set(document["components"]["schemas"])
    operations = {path: item["get"] for path, item in document["paths"].items()}
    assert {path: each["operationId"] for path, each in operations.items()} == {
        "/predictions": "get-predictions",
        "/predictions/observed": "get-predictions-observed",
        "/scores": "get-scores",
        "/images/predictions": "get-images-predictions",
        "/texts/predictions": "get-texts-predictions",
        "/locations": "list-locations",
        "/models": "list-models",
        "/version": "get-version",
        "/health/live": "get-health-live",
        "/health/ready": "get-health-ready",
    }
    for path, operation in operations.items():
        assert operation["tags"], path
        assert operation["description"], path
        named = {each["name"]: each for each in operation.get("parameters", [])}
        for parameter in named.values():
            assert parameter["description"], parameter
            assert parameter.get("examples") or parameter["schema"]["examples"], parameter
        if path in LISTS:
            limit = named["limit"]["schema"]
            assert (limit["default"], limit["maximum"]) == (1000, 10_000)
        for status, described in operation["responses"].items():
            check_documented(status, described, is_list=path in LISTS)


def check_documented(status: str, response: Any, is_list: bool) -> None:
    content = response.get("content", {})
    if status == "304":
        assert not content
    elif status == "200":
        assert set(content) == {"application/json", *(["text/csv"] if is_list else [])}
    else:
        (problem,) = content.items()
        assert problem[0] == "application/problem+json"
        assert problem[1]["schema"]["$ref"].endswith("Problem")
        assert problem[1]["example"]["status"] == int(status)


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
