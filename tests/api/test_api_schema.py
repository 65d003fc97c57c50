"""The OpenAPI document is true: schemathesis asks by it, and every answer must keep it."""

import re
import warnings
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from hypothesis import given, settings

from api.main import create_app
from api.settings import Settings
from tests.api.test_api_surface import LISTS, ROUTES

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what its dependencies deprecate is not ours to mend
    import schemathesis
    from schemathesis import GenerationMode
    from schemathesis.core.failures import FailureGroup
    from schemathesis.specs.openapi.checks import positive_data_acceptance


def ask_by_document(app: Any, path: str, mode: Any) -> set[int]:
    """Ask with generated parameters, good or bad ones; give the statuses that came."""
    document = schemathesis.openapi.from_asgi("/openapi.json", app)
    # that start is not after end, and 366 days at most, is more than OpenAPI can say
    excluded = [positive_data_acceptance] if path.endswith("/observed") else None
    seen = set()

    @settings(max_examples=25, deadline=None, database=None, derandomize=True)
    @given(document[path]["GET"].as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        seen.add(int(case.call_and_validate(excluded_checks=excluded).status_code))

    ask()
    return seen


@pytest.fixture
def app(filled_url: str) -> Any:
    """Give an application that is not started: schemathesis starts and stops it each time."""
    return create_app(Settings(database_url=filled_url))


@pytest.mark.parametrize("path", ROUTES)
def test_good_parameters_are_answered_as_documented(app: Any, path: str) -> None:
    assert ask_by_document(app, path, GenerationMode.POSITIVE) <= {200, 404, 422}


@pytest.mark.parametrize("path", ["/predictions", "/predictions/observed"])
def test_bad_parameters_are_refused_as_documented(app: Any, path: str) -> None:
    seen = ask_by_document(app, path, GenerationMode.NEGATIVE)
    # 404: a slug that was to be bad and happens to be a good one, of nowhere
    assert 422 in seen <= {404, 422}


def test_an_answer_unlike_its_document_is_caught() -> None:
    app = FastAPI()

    @app.get("/lie", response_model=dict[str, int])
    async def get_lie() -> JSONResponse:
        return JSONResponse({"count": "many"})

    with pytest.raises(FailureGroup):
        ask_by_document(app, "/lie", GenerationMode.POSITIVE)


def test_the_document_names_and_explains_everything(client: Any) -> None:
    document = client.get("/openapi.json").json()

    operations = {path: item["get"] for path, item in document["paths"].items()}
    assert {path: each["operationId"] for path, each in operations.items()} == {
        "/predictions": "get-predictions",
        "/predictions/observed": "get-predictions-observed",
        "/locations": "list-locations",
        "/models": "list-models",
        "/version": "get-version",
        "/health/live": "get-health-live",
        "/health/ready": "get-health-ready",
    }
    for path, operation in operations.items():
        assert operation["tags"], path
        assert operation["description"], path
        for parameter in operation.get("parameters", []):
            assert parameter["description"], parameter
            assert parameter.get("examples") or parameter["schema"]["examples"], parameter
        for status, response in operation["responses"].items():
            check_documented(status, response, is_list=path in LISTS)


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


def test_every_reference_of_the_document_leads_somewhere(client: Any) -> None:
    response = client.get("/openapi.json")

    referred = set(re.findall(r'"#/components/schemas/(\w+)"', response.text))
    assert "Problem" in referred
    assert referred <= set(response.json()["components"]["schemas"])
