"""GET /predictions and /predictions/observed: which forecast answers, and with what."""

import math
from typing import Any

import pytest

from api.schemas import Step
from tests.api.tables import MODELS, RIDGE_2, SOURCES
from tests.api.test_api_surface import check_problem

DAY = {"date": "2019-07-11", "location": "paris"}
NOTHING = "no prediction at all yet; run the pipelines first"
STEP_FIELDS = tuple(Step.model_fields)
# By hand from the table in tests.api.tables: model, day of issue, first lead, first temperature.
EXPECTED = {
    "2019-07-10": ("A", "2019-07-10", 1, 11.0),
    "2019-07-11": ("B", "2019-07-11", 1, 21.0),  # B and C were issued: B is in production
    "2019-07-12": ("B", "2019-07-12", 1, 21.0),  # not C of the day before
    "2019-07-13": ("B", "2019-07-12", 9, 29.0),  # C, issued on the day, is not in production
    "2019-07-14": ("C", "2019-07-14", 1, 31.0),
    "2019-07-15": ("C", "2019-07-15", 1, 31.0),  # of A and C, none in production, C is newer
    "2019-07-16": ("C", "2019-07-15", 9, 39.0),
}


def steps_of_b(day: str) -> list[dict[str, Any]]:
    """The steps that B forecasts on a day that it is issued on."""
    same = {"location": "paris", "method": "model", "climatology": None, "nwp_mean": None}
    return [
        {
            **same, "time": f"{day}T{3 * n:02d}:00:00Z", "lead": n + 1,
            "temperature_2m": 21.0 + n, "lower": 19.5 + n, "upper": 22.5 + n,
        }
        for n in range(8)
    ]  # fmt: skip


def observed(client: Any, start: str, end: str, location: str | None = "paris") -> Any:
    params = {"start": start, "end": end} | ({"location": location} if location else {})
    return client.get("/predictions/observed", params=params)


def test_a_day_in_full(client: Any) -> None:
    assert client.get("/predictions", params=DAY).json() == {
        "date": "2019-07-11",
        "timezone": "UTC",
        "unit": "°C",
        "data": steps_of_b("2019-07-11"),
        "count": 8,
        "expected": 8,
        "forecasts": [
            {
                "location": "paris",
                "issued_at": "2019-07-11T00:00:00Z",
                "known_until": "2019-07-10T12:00:00Z",
                "sources": SOURCES,
                "data_age": 12,
                "hindcast": True,
                "created_at": "2019-07-20T05:30:00Z",
                "level": 0.9,
                "model": RIDGE_2,
            }
        ],
        "next": None,
    }


@pytest.mark.parametrize("date", EXPECTED)
def test_the_latest_forecast_issued_by_the_start_of_the_day_answers(client: Any, date: str) -> None:
    answer = client.get("/predictions", params={"date": date, "location": "paris"}).json()

    (forecast,), first = answer["forecasts"], answer["data"][0]
    model, issued, lead, temperature = EXPECTED[date]
    assert forecast["model"]["model_id"] == MODELS[model]
    assert forecast["sources"] == ([] if model == "A" else SOURCES)
    assert forecast["issued_at"] == f"{issued}T00:00:00Z"
    assert (first["lead"], first["temperature_2m"]) == (lead, temperature)
    hours = [f"{date}T{hour:02d}:00:00Z" for hour in range(0, 24, 3)]
    assert [step["time"] for step in answer["data"]] == hours

    everywhere = client.get("/predictions", params={"date": date}).json()
    requests = [{"date": date, "location": slug} for slug in ("brest", "paris", "quimper")]
    answers = [client.get("/predictions", params=params) for params in requests]
    alone = [each.json() for each in answers if each.status_code == 200]
    assert everywhere["data"] == [step for each in alone for step in each["data"]]
    assert everywhere["forecasts"] == [each for one in alone for each in one["forecasts"]]
    assert everywhere["count"] == len(everywhere["data"]) == 8 * len(alone)
    assert everywhere["expected"] == 24  # three locations are known


@pytest.mark.parametrize(
    ("date", "location", "parameter", "found", "allowed"),
    [
        ("2019-07-11", "atlantis", "location", "atlantis", "one of: brest, paris, quimper"),
        ("2019-07-09", "paris", "date", "2019-07-09", "2019-07-10 to 2019-07-16"),
        # the forecast issued on 12 July at 06:00 ends within the day
        ("2019-07-13", "brest", "date", "2019-07-13", "2019-07-11 to 2019-07-12"),
        ("2019-07-17", None, "date", "2019-07-17", "2019-07-10 to 2019-07-16"),
        ("9999-12-31", "quimper", "date", "9999-12-31", NOTHING),
        ("0001-01-01", "brest", "date", "0001-01-01", "2019-07-11 to 2019-07-12"),
    ],
)
def test_a_404_names_what_exists(
    client: Any, date: str, location: str | None, parameter: str, found: str, allowed: str
) -> None:
    params = {"date": date} | ({"location": location} if location else {})

    problem = check_problem(client.get("/predictions", params=params), 404, "/predictions")

    kind = "no-prediction" if parameter == "date" else "unknown-location"
    assert problem["type"] == f"urn:triptych:problem:{kind}"
    assert problem["errors"] == [{"parameter": parameter, "found": found, "allowed": allowed}]
    assert found in problem["detail"]
    assert allowed.removeprefix("one of: ") in problem["detail"]


@pytest.mark.parametrize(
    ("parameter", "values"),
    [
        ("date", [
            None, "", "14/07/2019", "2019-02-30", "2019-7-14", "20190714", "1563062400",
            "2019-07-14T00:00:00", "\uff12019-07-14", ["2019-07-11", "2019-07-12"],
        ]),
        ("location", [
            "", "Paris", "paris\n", "paris\x00", "paris' OR '1'='1", "p" * 65,
        ]),
        ("place", ["paris"]),
    ],
)  # fmt: skip
def test_a_422_names_the_parameter(client: Any, parameter: str, values: list[Any]) -> None:
    for value in values:
        given = {"date": "2019-07-11"} | {parameter: value}
        params = {name: each for name, each in given.items() if each is not None}
        problem = check_problem(client.get("/predictions", params=params), 422, "/predictions")
        assert [error["parameter"] for error in problem["errors"]] == [parameter]
        assert parameter in problem["detail"]
        assert all(error["allowed"] for error in problem["errors"])


def test_a_location_that_is_nearly_right_is_suggested(client: Any) -> None:
    for location, status, meant in (
        ("Paris", 422, "paris"),
        ("PARÍS", 422, "paris"),
        (" brest", 422, "brest"),
        ("pariss", 404, "paris"),
        ("quimpre", 404, "quimper"),
    ):
        for tz in ("utc", "local"):
            response = client.get("/predictions", params={**DAY, "location": location, "tz": tz})
            problem = check_problem(response, status, "/predictions")
            assert f"Did you mean `{meant}`?" in problem["detail"]


def test_no_message_shows_a_regular_expression(client: Any) -> None:
    document = client.get("/openapi.json").json()
    parameters = {
        (path, parameter["name"])
        for path, item in document["paths"].items()
        for parameter in item["get"].get("parameters", [])
    }
    assert {name for _, name in parameters} > {"location", "cursor", "date", "item", "label"}
    for path, name in parameters:
        for value in ("\0", "", "Ä", "x" * 5000):
            text = client.get(path, params={name: value}).json().get("detail", "")
            assert "pattern" not in text, (path, name, text)
            assert "^" not in text, (path, name, text)


def test_an_observed_day_in_full(client: Any) -> None:
    # B says 21, 22, … 28; observed is 22.0, a missing value at 18:00, nothing at 21:00
    errors = [-1.0, 0.0, 1.0, 2.0, 3.0, 4.0, None, None]
    means = {
        "count": 6,
        "mae": pytest.approx(11 / 6),
        "rmse": pytest.approx(math.sqrt(31 / 6)),
        "bias": pytest.approx(9 / 6),
    }
    forecast = {
        "issued_at": "2019-07-12T00:00:00Z", "sources": SOURCES, "data_age": 0,
        "hindcast": True, "model_id": "b" * 64,
    }  # fmt: skip
    assert observed(client, "2019-07-12", "2019-07-12").json() == {
        "start": "2019-07-12",
        "end": "2019-07-12",
        "timezone": "UTC",
        "unit": "°C",
        "data": [
            {**step, **forecast, "observed": None if error is None else 22.0, "error": error}
            for step, error in zip(steps_of_b("2019-07-12"), errors, strict=True)
        ],
        "count": 8,
        "expected": 8,
        "scores": {**means, "by_data_age": [{"data_age": 0, "method": "model", **means}]},
        "models": [RIDGE_2],
        "next": None,
    }


@pytest.mark.parametrize("location", ["paris", "brest", None])
def test_each_observed_day_has_the_forecast_of_predictions(
    client: Any, location: str | None
) -> None:
    answer = observed(client, "2019-07-08", "2019-07-20", location).json()

    found = [{name: step[name] for name in STEP_FIELDS} for step in answer["data"]]
    more = {"location": location} if location else {}
    dates = [{"date": f"2019-07-{day:02d}"} for day in range(8, 21)]
    days = [client.get("/predictions", params=date | more).json() for date in dates]
    expected = [step for day in days for step in day.get("data", [])]
    assert found == sorted(expected, key=lambda step: (step["location"], step["time"]))
    assert answer["count"] == len(found) < answer["expected"]


def test_every_model_of_the_period_is_described(client: Any) -> None:
    answer = observed(client, "2019-07-10", "2019-07-16").json()

    # production first, then the newest
    assert [model["model_id"][0] for model in answer["models"]] == ["b", "c", "a"]
    assert {step["model_id"][0] for step in answer["data"]} == {"a", "b", "c"}
    assert answer["expected"] == answer["count"] == 7 * 8


def test_errors_are_grouped_by_data_age(client: Any) -> None:
    """B's forecast of 11 July stands on data that are 12 hours old, the others on fresh data."""
    answer = observed(client, "2019-07-10", "2019-07-12").json()

    by_age: dict[int, list[float]] = {}
    for step in answer["data"]:
        if step["error"] is not None:
            by_age.setdefault(step["data_age"], []).append(step["error"])
    assert {age: len(errors) for age, errors in by_age.items()} == {0: 14, 12: 8}
    groups = answer["scores"]["by_data_age"]
    assert [each["data_age"] for each in groups] == [0, 12]
    for scores in groups:
        errors = by_age[scores["data_age"]]
        assert scores["count"] == len(errors)
        assert scores["bias"] == pytest.approx(sum(errors) / len(errors))


def test_without_observations_there_are_no_scores(client: Any) -> None:
    answer = observed(client, "2019-07-14", "2019-07-14").json()

    assert answer["scores"] == {
        "count": 0, "mae": None, "rmse": None, "bias": None, "by_data_age": [],
    }  # fmt: skip
    assert {(step["observed"], step["error"]) for step in answer["data"]} == {(None, None)}


@pytest.mark.parametrize(
    ("start", "end", "location", "status", "parameter", "found", "allowed"),
    [
        ("2019-08-01", "2019-08-02", "paris", 404, "start", "2019-08-01 to 2019-08-02", ""),
        ("2019-08-01", "2019-08-02", "quimper", 404, "start", "2019-08-01 to 2019-08-02", ""),
        ("2019-08-01", "2019-08-02", "atlantis", 404, "location", "atlantis", ""),
        ("2019-07-12", "2019-07-11", "paris", 422, "end", "2019-07-11", "2019-07-12 (start) or l"),
        ("2019-01-01", "2020-01-02", "paris", 422, "end", "2020-01-02", "at most 366 days a"),
        ("0001-01-01", "9999-12-31", "paris", 422, "end", "9999-12-31", "these are 3652059"),
    ],
)
def test_a_wrong_period_is_an_error(
    client: Any, start: str, end: str, location: str, status: int, parameter: str, found: str,
    allowed: str,
) -> None:  # fmt: skip
    response = observed(client, start, end, location)
    (error,) = check_problem(response, status, "/predictions/observed")["errors"]
    assert (error["parameter"], error["found"]) == (parameter, found)
    assert allowed in error["allowed"]


def test_a_whole_leap_year_is_allowed(client: Any) -> None:
    answer = observed(client, "2019-07-01", "2020-06-30").json()
    assert (answer["expected"], answer["count"]) == (366 * 8, 7 * 8)
