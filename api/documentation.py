"""What the OpenAPI document says beside the routes."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.problems import MEDIA_TYPE, Problem

_REFERENCE = "#/components/schemas/{model}"
_DESCRIPTIONS = {
    HTTPStatus.NOT_FOUND: "unknown location, or no prediction: says what there is",
    HTTPStatus.UNPROCESSABLE_ENTITY: "bad, unknown or repeated parameter: says what is allowed",
    HTTPStatus.SERVICE_UNAVAILABLE: "the database is away or not ready; Retry-After says when",
}


def describe_problems(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """Document the problems that a route answers with, all in the one shape."""
    schema = {"$ref": _REFERENCE.format(model=Problem.__name__)}
    return {
        status.value: {
            "description": _DESCRIPTIONS[status],
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status in statuses
    }


def make_openapi(app: FastAPI) -> dict[str, Any]:
    """Make the document: FastAPI's, with the shape of the problems."""
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    problem = Problem.model_json_schema(ref_template=_REFERENCE)
    schemas = document["components"]["schemas"]
    schemas |= problem.pop("$defs") | {Problem.__name__: problem}
    return document
