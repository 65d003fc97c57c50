"""Version, health and the lists of locations and models."""

from typing import Any

import pytest

from api.app import create_app
from tests.api.conftest import TestClient, open_client
from tests.api.tables import CLASSIFIERS, MODELS, RIDGE_2


def test_version_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, filled_url: str
) -> None:
    monkeypatch.setenv("TRIPTYCH_VERSION", "3f5c2ab")
    monkeypatch.setenv("TRIPTYCH_DATABASE_URL", filled_url)

    with TestClient(create_app()) as opened:
        assert opened.get("/version").json() == {"version": "3f5c2ab"}
        assert opened.get("/locations").json()["count"] == 3


def test_version_and_health(client: Any) -> None:
    assert client.get("/version").json() == {"version": "0.0.0"}  # the image has another
    assert client.get("/health/live").json() == {"status": "ok"}
    assert client.get("/health/ready").json() == {"status": "ok"}


def test_locations_are_listed_by_slug(client: Any) -> None:
    answer = client.get("/locations").json()

    assert [place["location"] for place in answer["data"]] == ["brest", "paris", "quimper"]
    assert answer["count"] == 3
    assert answer["data"][1] == {
        "location": "paris",
        "name": "Paris",
        "latitude": 48.85,
        "longitude": 2.35,
        "elevation": 35.0,
        "timezone": "Europe/Paris",
        "source": "open_meteo",
    }


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
        **RIDGE_2,
        "kind": "temperature",
        "locations": ["brest", "paris"],
        "as_of": "2019-01-01T00:00:00Z",
        "parameters": {"alpha": 10.0},
        "features": ["lag_1", "solar_elevation"],
        "metrics": {"rmse": 1.6},
        "mlflow_run_id": "0" * 32,
        "model_uri": "models:/m-1",
        "data_sha256": "d" * 64,
        "git_commit": "e" * 40,
        "approved_by": "Ada",
        "approved_at": "2019-02-01T00:00:00Z",
        "created_at": "2019-02-01T00:00:00Z",
    }


def test_an_empty_database_lists_nothing_and_predicts_nothing(engine: Any) -> None:
    url = engine.url.render_as_string(hide_password=False)
    with open_client(url) as opened:
        assert opened.get("/locations").json() == {"data": [], "count": 0, "next": None}
        assert opened.get("/models").json() == {"data": [], "count": 0, "next": None}
        for path in ("/predictions?date=2019-07-14", "/predictions?date=2019-07-14&location=paris"):
            rejected = opened.get(path)
            assert rejected.status_code == 404
            assert "run the pipelines first" in rejected.json()["detail"]
