"""Version, health, locations, models, scores, and the OpenAPI document."""

import re
from typing import Any

import pytest
from sqlalchemy import Engine, delete

from api.app import create_app
from tests.api.conftest import TestClient, open_client
from tests.api.tables import CLASSIFIERS, MODELS, RIDGE_2, SCORES
from tests.api.test_api_surface import LISTS, check_problem
from triptych.store.tables import forecast_scores


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
