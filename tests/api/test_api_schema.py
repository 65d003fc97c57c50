"""The OpenAPI document is complete; schemathesis tests whether it is true."""

import re
from typing import Any

from tests.api.test_api_surface import LISTS


def test_the_document_names_and_explains_everything(client: Any) -> None:
    document = client.get("/openapi.json").json()

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
