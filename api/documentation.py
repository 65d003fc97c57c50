"""What the OpenAPI document says beside the routes."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.negotiation import CSV
from api.problems import MEDIA_TYPE, Problem, ProblemError, make_problem
from api.refusals import EXAMPLES

_REFERENCE = "#/components/schemas/{model}"
_DESCRIPTIONS = {
    HTTPStatus.UNAUTHORIZED: "no key, or a wrong one, in X-API-Key",
    HTTPStatus.NOT_FOUND: "a name that is unknown, or no prediction: says what there is",
    HTTPStatus.NOT_ACCEPTABLE: "Accept takes neither JSON nor CSV",
    HTTPStatus.UNPROCESSABLE_ENTITY: "bad, unknown or repeated parameter: says what is allowed",
    HTTPStatus.SERVICE_UNAVAILABLE: "the database is away or not ready; Retry-After says when",
}
_KEY = {"ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}

Responses = dict[int | str, dict[str, Any]]


def describe_problems(*statuses: HTTPStatus) -> Responses:
    """Document the problems that a route answers with, all in the one shape."""
    return {
        status.value: {
            "description": _DESCRIPTIONS[status],
            "content": {MEDIA_TYPE: _show(EXAMPLES[status])},
        }
        for status in sorted({HTTPStatus.UNPROCESSABLE_ENTITY, *statuses})
    }


def _show(error: ProblemError) -> dict[str, Any]:
    return {
        "schema": {"$ref": _REFERENCE.format(model=Problem.__name__)},
        "example": make_problem("/predictions", error, "5f0c2b7e9a1d4c3f").model_dump(),
    }


def describe_list(may_be_absent: bool = False) -> Responses:
    """Document the answers of a list beside its JSON: CSV, 304 and the problems."""
    absent = [HTTPStatus.NOT_FOUND] if may_be_absent else []
    text = {"schema": {"type": "string"}, "example": "location,time,…\r\nparis,…\r\n"}
    return {
        200: {
            "description": "the rows; Link names the next page, ETag the bytes",
            "content": {CSV: text},
        },
        304: {"description": "as the bytes that If-None-Match names"},
        **describe_problems(HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.SERVICE_UNAVAILABLE, *absent),
    }


def make_openapi(app: FastAPI, open_paths: frozenset[str]) -> dict[str, Any]:
    """Make the document: FastAPI's, with the shape of the problems, and the key if one is needed.

    Args:
        app: with all its routes.
        open_paths: those that take no key.
    """
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    problem = Problem.model_json_schema(ref_template=_REFERENCE)
    schemas = document["components"]["schemas"]
    schemas |= problem.pop("$defs") | {Problem.__name__: problem}
    if app.state.settings.api_key is not None:
        _ask_for_key(document, open_paths)
    return document


def _ask_for_key(document: dict[str, Any], open_paths: frozenset[str]) -> None:
    document["components"]["securitySchemes"] = _KEY
    refused = describe_problems(HTTPStatus.UNAUTHORIZED)[HTTPStatus.UNAUTHORIZED.value]
    for path, operations in document["paths"].items():
        if path not in open_paths:
            operations["get"]["security"] = [{name: [] for name in _KEY}]
            operations["get"]["responses"][str(HTTPStatus.UNAUTHORIZED.value)] = refused
