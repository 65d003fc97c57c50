"""GET /predictions: which forecast is returned for a day, and its description."""

from typing import Any

import pytest

from tests.api.tables import MODELS, RIDGE_2, SOURCES

DAY = {"date": "2019-07-11", "location": "paris"}

NOTHING = "no prediction at all yet; run the pipelines first"
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


def test_answers_a_day_in_full(client: Any) -> None:
    response = client.get("/predictions", params=DAY)

    assert response.status_code == 200
    assert response.json() == {
        "date": "2019-07-11",
        "timezone": "UTC",
        "unit": "°C",
        "data": [
            {
                "location": "paris",
                "time": f"2019-07-11T{3 * n:02d}:00:00Z",
                "lead": n + 1,
                "temperature_2m": 21.0 + n,
                "lower": 19.5 + n,
                "upper": 22.5 + n,
                "method": "model",
            }
            for n in range(8)
        ],
        "count": 8,
        "expected": 8,
        "forecasts": [
            {
                "location": "paris",
                "issued_at": "2019-07-11T00:00:00Z",
                "known_until": "2019-07-10T12:00:00Z",
                "sources": SOURCES,
                "data_age": 12,
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


@pytest.mark.parametrize("date", EXPECTED)
def test_all_locations_are_what_each_answers_alone(client: Any, date: str) -> None:
    everywhere = client.get("/predictions", params={"date": date}).json()

    asked = [{"date": date, "location": slug} for slug in ("brest", "paris", "quimper")]
    answers = [client.get("/predictions", params=params) for params in asked]
    alone = [answer.json() for answer in answers if answer.status_code == 200]
    assert everywhere["data"] == [step for answer in alone for step in answer["data"]]
    assert everywhere["forecasts"] == [each for answer in alone for each in answer["forecasts"]]
    assert everywhere["count"] == len(everywhere["data"]) == 8 * len(alone)
    assert everywhere["expected"] == 24  # three locations are known


def test_a_forecast_that_ends_within_the_day_does_not_answer(client: Any) -> None:
    # the one issued on 12 July at 06:00 reaches 13 July 06:00
    response = client.get("/predictions", params={"date": "2019-07-13", "location": "brest"})

    assert response.status_code == 404
    assert "2019-07-11 to 2019-07-12" in response.json()["detail"]


@pytest.mark.parametrize(
    ("date", "location", "parameter", "found", "allowed"),
    [
        ("2019-07-11", "atlantis", "location", "atlantis", "one of: brest, paris, quimper"),
        ("2019-07-09", "paris", "date", "2019-07-09", "2019-07-10 to 2019-07-16"),
        ("2019-07-17", None, "date", "2019-07-17", "2019-07-10 to 2019-07-16"),
        ("9999-12-31", "quimper", "date", "9999-12-31", NOTHING),
        ("0001-01-01", "brest", "date", "0001-01-01", "2019-07-11 to 2019-07-12"),
    ],
)  # fmt: skip
def test_what_does_not_exist_is_404_with_what_does(
    client: Any, date: str, location: str | None, parameter: str, found: str, allowed: str
) -> None:
    params = {"date": date} | ({"location": location} if location else {})

    response = client.get("/predictions", params=params)

    assert response.status_code == 404
    problem = response.json()
    kind = "no-prediction" if parameter == "date" else "unknown-location"
    assert problem["type"] == f"urn:triptych:problem:{kind}"
    assert problem["errors"] == [{"parameter": parameter, "found": found, "allowed": allowed}]
    assert found in problem["detail"]
    assert allowed.removeprefix("one of: ") in problem["detail"]


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        *(("date", value) for value in (
            None, "", "14/07/2019", "2019-02-30", "2019-7-14", "20190714", "1563062400",
            "2019-07-14T00:00:00", "\uff12019-07-14", ["2019-07-11", "2019-07-12"],
        )),
        *(("location", value) for value in (
            "", "Paris", "paris\n", "paris\x00", "paris' OR '1'='1", "p" * 65,
        )),
        ("place", "paris"),
    ],
)  # fmt: skip
def test_a_bad_parameter_is_422_and_named(client: Any, parameter: str, value: Any) -> None:
    params = {"date": "2019-07-11"} | {parameter: value}
    given = {name: each for name, each in params.items() if each is not None}
    response = client.get("/predictions", params=given)

    assert response.status_code == 422
    problem = response.json()
    assert [error["parameter"] for error in problem["errors"]] == [parameter]
    assert parameter in problem["detail"]
    assert all(error["allowed"] for error in problem["errors"])


@pytest.mark.parametrize(
    ("location", "status", "meant"),
    [
        ("Paris", 422, "paris"),
        ("PARÍS", 422, "paris"),
        (" brest", 422, "brest"),
        ("pariss", 404, "paris"),
        ("quimpre", 404, "quimper"),
    ],
)
@pytest.mark.parametrize("tz", ["utc", "local"])
def test_a_location_that_is_nearly_right_is_suggested(
    client: Any, location: str, status: int, meant: str, tz: str
) -> None:
    response = client.get("/predictions", params={**DAY, "location": location, "tz": tz})

    assert response.status_code == status
    assert f"Did you mean `{meant}`?" in response.json()["detail"]


def test_no_message_shows_a_regular_expression(client: Any) -> None:
    document = client.get("/openapi.json").json()
    asked = {
        (path, parameter["name"])
        for path, item in document["paths"].items()
        for parameter in item["get"].get("parameters", [])
    }
    assert {name for _, name in asked} > {"location", "cursor", "date", "item", "label", "limit"}
    for path, name in asked:
        for value in ("\0", "", "Ä", "x" * 5000):
            text = client.get(path, params={name: value}).json()["detail"]
            assert "pattern" not in text, (path, name, text)
            assert "^" not in text, (path, name, text)
