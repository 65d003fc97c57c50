"""JSON or CSV, by the Accept header."""

import csv
import io
import json
from typing import Any

import pytest

from api.problems import ProblemError
from api.responses import choose_media
from tests.api.tables import RIDGE_2
from tests.api.test_api_surface import LISTS, ROUTES, check_problem


def ask(client: Any, path: str, **more: str) -> list[dict[str, str]]:
    response = client.get(path, params={**ROUTES[path], **more}, headers={"Accept": "text/csv"})
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    return list(csv.DictReader(io.StringIO(response.text)))


def as_cells(*parts: dict[str, Any]) -> dict[str, str]:
    """A row of CSV: lists and objects are JSON, null is empty."""
    values = {name: value for part in parts for name, value in part.items()}
    return {
        name: json.dumps(value) if isinstance(value, dict | list)
        else "" if value is None else str(value)
        for name, value in values.items()
    }  # fmt: skip


@pytest.mark.parametrize("path", LISTS)
def test_both_forms_have_the_same_rows(client: Any, path: str) -> None:
    answer = client.get(path, params=ROUTES[path]).json()

    rows = ask(client, path)

    assert len(rows) == answer["count"]
    for row, expected in zip(rows, answer["data"], strict=True):
        assert row.items() >= as_cells(expected).items()


def test_a_step_names_its_forecast_and_model(client: Any) -> None:
    model = {f"model_{name}": value for name, value in RIDGE_2.items() if name != "model_id"}
    model["model_id"] = RIDGE_2["model_id"]
    answer = client.get("/predictions", params=ROUTES["/predictions"]).json()
    (forecast,) = answer["forecasts"]
    del forecast["model"]
    expected = [as_cells(step, forecast, model) for step in answer["data"]]
    assert ask(client, "/predictions") == expected

    day = {"start": "2019-07-12", "end": "2019-07-12"}
    rows = ask(client, "/predictions/observed", **day)
    params = ROUTES["/predictions/observed"] | day
    answer = client.get("/predictions/observed", params=params).json()
    assert rows == [as_cells(step, model) for step in answer["data"]]
    assert [(row["observed"], row["error"]) for row in rows[5:7]] == [("22.0", "4.0"), ("", "")]


def test_no_row_is_a_header_alone(client: Any) -> None:
    rows = client.get("/locations?cursor=zzz", headers={"Accept": "text/csv"}).text
    assert rows == "location,name,latitude,longitude,elevation,timezone,source\r\n"


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("text/csv", "text/csv"),
        ("text/*", "text/csv"),
        ("TEXT/CSV;header=present", "text/csv"),
        ("text/csv, application/json", "application/json"),
        ("text/csv, application/json;q=0.9", "text/csv"),
        ("text/csv;q=0.5, */*;q=0.1", "text/csv"),
        ("text/csv;q=0, */*", "application/json"),
        # a browser
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
        ("text/csv;q=nonsense", "text/csv"),
    ],
)
def test_the_preferred_media_type_is_chosen(accept: str, media: str) -> None:
    assert choose_media(accept) == media


@pytest.mark.parametrize("accept", ["image/png", "text/html", "*/*;q=0", "text/csv;q=0", "é", ",;"])
def test_no_form_that_is_taken_is_406(client: Any, accept: str) -> None:
    with pytest.raises(ProblemError):
        choose_media(accept)
    for path in LISTS:
        response = client.get(
            path, params=ROUTES[path], headers={"Accept": accept.encode("latin-1")}
        )
        problem = check_problem(response, 406, path)
        assert "application/json or text/csv" in problem["detail"]


def test_what_has_one_form_alone_is_answered_all_the_same(client: Any) -> None:
    for path in ("/version", "/health/live", "/health/ready"):
        assert client.get(path, headers={"Accept": "text/html"}).status_code == 200


class TestGzip:
    @pytest.mark.parametrize("accept", ["application/json", "text/csv"])
    @pytest.mark.parametrize("path", ["/predictions", "/predictions/observed", "/models"])
    def test_a_large_answer_is_compressed_for_who_takes_it(
        self, client: Any, path: str, accept: str
    ) -> None:
        def ask(method: str, coding: str, **more: str) -> Any:
            headers = {"Accept": accept, "Accept-Encoding": coding, **more}
            return client.request(method, path, params=ROUTES[path], headers=headers)

        plain, small, again = (ask("GET", coding) for coding in ("identity", "gzip", "gzip"))

        assert "content-encoding" not in plain.headers
        for response in (small, again, ask("HEAD", "gzip")):
            assert response.headers["content-encoding"] == "gzip"
            assert int(response.headers["content-length"]) < len(plain.content)
            assert response.headers["content-length"] == small.headers["content-length"]
        assert small.content == again.content == plain.content
        assert small.headers["etag"] == plain.headers["etag"]
        assert small.headers["vary"] == plain.headers["vary"] == "Accept, Accept-Encoding"
        known = ask("GET", "gzip", **{"If-None-Match": small.headers["etag"]})
        assert (known.status_code, known.content) == (304, b"")
        assert "content-encoding" not in known.headers
        assert known.headers["vary"] == small.headers["vary"]

    def test_so_are_the_files_of_the_pages_and_small_answers_are_not(self, client: Any) -> None:
        for path in ("/dashboard/page.js", "/"):
            small = client.get(path, headers={"Accept-Encoding": "gzip"})
            assert small.headers["content-encoding"] == "gzip"
            assert int(small.headers["content-length"]) < len(small.content) / 2
        for path in ("/health/live", "/version", "/nope"):
            response = client.get(path, headers={"Accept-Encoding": "gzip"})
            assert "content-encoding" not in response.headers
