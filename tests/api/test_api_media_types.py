"""JSON or CSV, by the Accept header."""

import csv
import io
import json
from typing import Any

import pytest

from api.problems import ProblemError
from api.responses import choose_media
from tests.api.tables import RIDGE_2, SOURCES
from tests.api.test_api_surface import LISTS, ROUTES, check_problem

MODEL = {"model_id": RIDGE_2["model_id"]} | {
    f"model_{name}": str(value) for name, value in RIDGE_2.items() if name != "model_id"
}


def ask(client: Any, path: str, **more: str) -> list[dict[str, str]]:
    response = client.get(path, params={**ROUTES[path], **more}, headers={"Accept": "text/csv"})
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    return list(csv.DictReader(io.StringIO(response.text)))


def test_a_step_names_its_forecast_and_model(client: Any) -> None:
    rows = ask(client, "/predictions")

    assert len(rows) == 8
    assert rows[1] == {
        "location": "paris",
        "time": "2019-07-11T03:00:00Z",
        "lead": "2",
        "temperature_2m": "22.0",
        "lower": "20.5",
        "upper": "23.5",
        "method": "model",
        "issued_at": "2019-07-11T00:00:00Z",
        "known_until": "2019-07-10T12:00:00Z",
        "sources": json.dumps(SOURCES),
        "data_age": "12",
        "created_at": "2019-07-20T05:30:00Z",
        "level": "0.9",
        **MODEL,
    }


def test_what_is_not_known_is_empty(client: Any) -> None:
    rows = ask(client, "/predictions/observed", start="2019-07-12", end="2019-07-12")

    assert [(row["observed"], row["error"]) for row in rows[4:7]] == [
        ("22.0", "3.0"),
        ("22.0", "4.0"),
        ("", ""),
    ]
    assert rows[0] == {
        "location": "paris",
        "time": "2019-07-12T00:00:00Z",
        "lead": "1",
        "temperature_2m": "21.0",
        "lower": "19.5",
        "upper": "22.5",
        "method": "model",
        "issued_at": "2019-07-12T00:00:00Z",
        "sources": json.dumps(SOURCES),
        "data_age": "0",
        "observed": "22.0",
        "error": "-1.0",
        **MODEL,
    }


def test_a_list_in_a_cell_is_json(client: Any) -> None:
    rows = ask(client, "/models")

    assert "".join(row["model_id"][0] for row in rows) == "b1dca0e"
    assert json.loads(rows[0]["parameters"]) == {"alpha": 10.0}
    assert json.loads(rows[0]["locations"]) == ["brest", "paris"]


@pytest.mark.parametrize("path", LISTS)
def test_both_forms_have_the_same_rows(client: Any, path: str) -> None:
    answer = client.get(path, params=ROUTES[path]).json()

    rows = ask(client, path)

    assert len(rows) == answer["count"]
    for row, expected in zip(rows, answer["data"], strict=True):
        for name, value in expected.items():
            if not isinstance(value, dict | list):
                assert row[name] == ("" if value is None else str(value)), name


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
        check_problem(response, 406, path)
        assert "application/json or text/csv" in response.json()["detail"]


@pytest.mark.parametrize("path", ["/version", "/health/live", "/health/ready"])
def test_what_has_one_form_alone_is_answered_all_the_same(client: Any, path: str) -> None:
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

    @pytest.mark.parametrize("path", ["/dashboard/page.js", "/"])
    def test_so_are_the_files_of_the_pages(self, client: Any, path: str) -> None:
        small = client.get(path, headers={"Accept-Encoding": "gzip"})

        assert small.headers["content-encoding"] == "gzip"
        assert int(small.headers["content-length"]) < len(small.content) / 2

    @pytest.mark.parametrize("path", ["/health/live", "/version", "/nope"])
    def test_what_is_small_is_not(self, client: Any, path: str) -> None:
        response = client.get(path, headers={"Accept-Encoding": "gzip"})

        assert "content-encoding" not in response.headers


def test_a_page_has_a_thousand_rows_unless_asked_otherwise(client: Any) -> None:
    document = client.get("/openapi.json").json()

    for path in LISTS:
        named = {each["name"]: each for each in document["paths"][path]["get"]["parameters"]}
        limit = named["limit"]["schema"]
        assert (limit["default"], limit["maximum"]) == (1000, 10_000)
