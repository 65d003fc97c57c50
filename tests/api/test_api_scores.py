"""GET /scores: errors, skill and coverage of issued forecasts by lead and data age."""

from typing import Any

import pytest
from sqlalchemy import Engine, delete

from tests.api.tables import RIDGE_2, SCORES
from tests.api.test_api_surface import check_problem
from triptych.store.tables import forecast_scores


def test_the_production_model_answers_by_window_data_age_and_lead(client: Any) -> None:
    answer = client.get("/scores", params={"location": "paris"}).json()

    found = [
        tuple(row[key] for key in ("window", "data_age", "lead", "rmse")) for row in answer["data"]
    ]
    assert found == SCORES
    assert answer["data"][0] == {
        **RIDGE_2, "location": "paris", "window": "30d", "lead": "2", "data_age": 0,
        "count": 30, "days": 30, "rmse": 1.5, "mae": 1.0, "bias": 0.1, "skill_day": 0.25,
        "skill_climatology": 0.5, "skill_persistence": None, "coverage": 0.9, "width": 4.2,
        "window_end": "2019-07-12T18:00:00Z",
    }  # fmt: skip


def test_all_models_answer_if_asked(client: Any) -> None:
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
def test_an_error_names_what_there_is(
    client: Any, params: dict[str, str], status: int, named: str
) -> None:
    response = client.get("/scores", params=params)

    check_problem(response, status, "/scores")
    assert named in response.json()["detail"]


def test_before_monitoring_has_run_it_says_so(own_client: Any, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(delete(forecast_scores))
    response = own_client.get("/scores", params={"location": "paris"})

    check_problem(response, 404, "/scores")
    assert "run the pipelines first" in response.json()["detail"]
