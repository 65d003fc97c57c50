"""GET /predictions/observed: forecasts, observations and errors."""

import math
from typing import Any

import pytest

from tests.api.tables import RIDGE_2, SOURCES


def ask(client: Any, start: str, end: str, location: str | None = "paris") -> Any:
    params = {"start": start, "end": end} | ({"location": location} if location else {})
    return client.get("/predictions/observed", params=params)


def test_a_day_in_full(client: Any) -> None:
    answer = ask(client, "2019-07-12", "2019-07-12").json()

    # B says 21, 22, … 28; observed is 22.0, a missing value at 18:00, nothing at 21:00
    observed = [22.0] * 6 + [None, None]
    errors = [-1.0, 0.0, 1.0, 2.0, 3.0, 4.0, None, None]
    means = {
        "count": 6,
        "mae": pytest.approx(11 / 6),
        "rmse": pytest.approx(math.sqrt(31 / 6)),
        "bias": pytest.approx(9 / 6),
    }
    assert answer == {
        "start": "2019-07-12",
        "end": "2019-07-12",
        "timezone": "UTC",
        "unit": "°C",
        "data": [
            {
                "location": "paris",
                "time": f"2019-07-12T{3 * n:02d}:00:00Z",
                "lead": n + 1,
                "temperature_2m": 21.0 + n,
                "lower": 19.5 + n,
                "upper": 22.5 + n,
                "method": "model",
                "issued_at": "2019-07-12T00:00:00Z",
                "sources": SOURCES,
                "data_age": 0,
                "model_id": "b" * 64,
                "observed": observed[n],
                "error": errors[n],
            }
            for n in range(8)
        ],
        "count": 8,
        "expected": 8,
        "scores": {**means, "by_data_age": [{"data_age": 0, "method": "model", **means}]},
        "models": [RIDGE_2],
        "next": None,
    }


@pytest.mark.parametrize("location", ["paris", "brest", None])
def test_each_day_has_the_forecast_that_predictions_answers(
    client: Any, location: str | None
) -> None:
    answer = ask(client, "2019-07-08", "2019-07-20", location).json()

    fields = ("location", "time", "lead", "temperature_2m", "lower", "upper", "method")
    found = [{name: step[name] for name in fields} for step in answer["data"]]
    days = [
        client.get(
            "/predictions",
            params={"date": f"2019-07-{day:02d}"} | ({"location": location} if location else {}),
        ).json()
        for day in range(8, 21)
    ]
    expected = [step for day in days for step in day.get("data", [])]
    assert found == sorted(expected, key=lambda step: (step["location"], step["time"]))
    assert answer["count"] == len(found) < answer["expected"]


def test_every_model_of_the_period_is_described(client: Any) -> None:
    answer = ask(client, "2019-07-10", "2019-07-16").json()

    # production first, then the newest
    assert [model["model_id"][0] for model in answer["models"]] == ["b", "c", "a"]
    assert {step["model_id"][0] for step in answer["data"]} == {"a", "b", "c"}
    assert answer["expected"] == answer["count"] == 7 * 8


def test_errors_are_grouped_by_data_age(client: Any) -> None:
    """B's forecast of 11 July stands on data that are 12 hours old, the others on fresh data."""
    answer = ask(client, "2019-07-10", "2019-07-12").json()

    by_age: dict[int, list[float]] = {}
    for step in answer["data"]:
        if step["error"] is not None:
            by_age.setdefault(step["data_age"], []).append(step["error"])
    assert {age: len(errors) for age, errors in by_age.items()} == {0: 14, 12: 8}
    for scores in answer["scores"]["by_data_age"]:
        errors = by_age[scores["data_age"]]
        assert scores["count"] == len(errors)
        assert scores["bias"] == pytest.approx(sum(errors) / len(errors))
    assert [scores["data_age"] for scores in answer["scores"]["by_data_age"]] == [0, 12]


def test_without_observations_there_are_no_scores(client: Any) -> None:
    answer = ask(client, "2019-07-14", "2019-07-14").json()

    assert answer["scores"] == {
        "count": 0, "mae": None, "rmse": None, "bias": None, "by_data_age": [],
    }  # fmt: skip
    assert {step["observed"] for step in answer["data"]} == {None}
    assert {step["error"] for step in answer["data"]} == {None}


@pytest.mark.parametrize(
    ("location", "parameter", "found"),
    [
        ("paris", "start", "2019-08-01 to 2019-08-02"),
        ("quimper", "start", "2019-08-01 to 2019-08-02"),
        ("atlantis", "location", "atlantis"),
    ],
)
def test_a_period_without_forecasts_is_404(
    client: Any, location: str, parameter: str, found: str
) -> None:
    response = ask(client, "2019-08-01", "2019-08-02", location)

    assert response.status_code == 404
    (complaint,) = response.json()["errors"]
    assert (complaint["parameter"], complaint["found"]) == (parameter, found)


@pytest.mark.parametrize(
    ("start", "end", "rule"),
    [
        ("2019-07-12", "2019-07-11", "2019-07-12 (start) or later"),
        ("2019-01-01", "2020-01-02", "at most 366 days a request; these are 367"),
        ("0001-01-01", "9999-12-31", "at most 366 days a request; these are 3652059"),
    ],
)
def test_a_period_that_ends_wrongly_is_422(client: Any, start: str, end: str, rule: str) -> None:
    response = ask(client, start, end)

    assert response.status_code == 422
    (complaint,) = response.json()["errors"]
    assert (complaint["parameter"], complaint["found"]) == ("end", end)
    assert rule in complaint["allowed"]


def test_a_whole_leap_year_is_allowed(client: Any) -> None:
    answer = ask(client, "2019-07-01", "2020-06-30").json()

    assert answer["expected"] == 366 * 8
    assert answer["count"] == 7 * 8
