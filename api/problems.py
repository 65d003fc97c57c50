"""Errors as `application/problem+json` (RFC 9457): their schema, handler and documentation."""

import json
import logging
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from asgi_correlation_id import correlation_id
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from api.params import CURSOR_RULE
from triptych.store.errors import SchemaError

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY = {"Retry-After": "10"}  # seconds
MAX_SHOWN = 100  # characters of the caller's input
_NO_ANSWER = "The database does not answer. Try again later; the cause is in the log."
_OTHER_SCHEMA = "The database does not hold the tables of this version. Run the pipelines first."
_DOCUMENTED = {
    401: ("api-key-needed", "API key missing or wrong"),
    404: ("unknown-location", "unknown name, or no prediction: lists what exists"),
    406: ("not-acceptable", "Accept allows neither JSON nor CSV"),
    422: ("invalid-parameter", "invalid, unknown or repeated parameter"),
    503: ("database-unavailable", "database unavailable: retry later"),
}


class InvalidParam(BaseModel):
    """A parameter that cannot be used, what was found and what is allowed."""

    parameter: str = Field(examples=["location"])
    found: str | None = Field(description="null: it is missing", examples=["atlantis"])
    allowed: str = Field(examples=["one of: brest, paris"])


class Problem(BaseModel):
    """What went wrong (RFC 9457), with the parameters at fault."""

    type: str = Field(description="stable name", examples=["urn:triptych:problem:unknown-location"])
    title: str = Field(description="readable kind of problem", examples=["Unknown location"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is no location 'atlantis'. Known: brest, paris."])
    instance: str = Field(description="path of the request", examples=["/predictions"])
    request_id: str = Field(examples=["5f0c2b7e9a1d4c3f8e6b2a1909c7d4e1"])
    errors: list[InvalidParam] = Field(description="parameters at fault; may be empty")


class ProblemError(Exception):
    """An error response, raised anywhere below a route; `kind` ends the problem's type."""

    def __init__(
        self, status: int, kind: str, detail: str, *errors: InvalidParam, **headers: str
    ) -> None:
        super().__init__(detail)
        self.status, self.kind, self.detail = status, kind, detail
        self.errors, self.headers = list(errors), headers

    def to_response(self, path: str) -> Response:
        """Return the response to a request for a path."""
        problem = Problem(
            type=f"urn:triptych:problem:{self.kind}",
            title=self.kind.replace("-", " ").capitalize(),
            status=self.status,
            detail=self.detail,
            instance=path,
            request_id=correlation_id.get() or "-",
            errors=self.errors,
        )
        headers = {"Cache-Control": "no-store", **self.headers}
        return Response(problem.model_dump_json(), self.status, headers, MEDIA_TYPE)


def invalid_params_error(*errors: InvalidParam) -> ProblemError:
    """Return the 422 that names each parameter, what was found and what is allowed."""
    detail = "; ".join(
        f"{each.parameter}: {'missing' if each.found is None else repr(each.found)} "
        f"(allowed: {each.allowed})"
        for each in errors
    )
    return ProblemError(422, "invalid-parameter", f"Invalid parameters: {detail}.", *errors)


def suggest(found: str, known: Iterable[str]) -> str:
    """Return a sentence with the known name that was probably meant; empty if none is close."""
    names = {name.casefold(): name for name in known}
    close = get_close_matches(found.casefold(), names, n=1)
    return f" Did you mean `{names[close[0]]}`?" if close else ""


def handle_error(request: Request, error: Exception) -> Response:
    """Log and render an error of a route, the framework or the database."""
    method, path = request.method, request.url.path
    match error:
        case ProblemError():
            problem = error
        case RequestValidationError():
            problem = invalid_params_error(*map(_explain, error.errors()))
        case HTTPException(status_code=405 as status):
            detail = f"{path!r} is read-only: use GET or HEAD, not {method}."
            problem = ProblemError(status, "method-not-allowed", detail, Allow="GET, HEAD")
        case HTTPException():
            detail = f"There is no route {path!r}. /docs lists the routes."
            problem = ProblemError(error.status_code, "not-found", detail)
        case _:
            logger.error("%s %r: database error", method, path, exc_info=error)
            detail = _OTHER_SCHEMA if isinstance(error, SchemaError) else _NO_ANSWER
            return ProblemError(503, "database-unavailable", detail, **RETRY).to_response(path)
    # %r: the caller's input must not start a new log line
    logger.warning("%s %r rejected: %d %r", method, path, problem.status, problem.detail)
    return problem.to_response(path)


def _explain(error: dict[str, Any]) -> InvalidParam:
    name, rule = str(error["loc"][-1]), error["msg"]
    found: str | None = str(error["input"])[:MAX_SHOWN]
    if error["type"] == "missing":
        found, rule = None, "a value: it is required"
    elif error["type"] == "string_pattern_mismatch":  # Pydantic shows the regular expression
        rule = CURSOR_RULE if name == "cursor" else "text without control characters"
    return InvalidParam(parameter=name, found=found, allowed=rule)


async def check_param_names(request: Request) -> None:
    """Raise a 422 for a parameter that is repeated, or that OpenAPI does not declare."""
    if request.url.path == "/":  # other programs add their own to a shared link of the dashboard
        return
    operation = request.app.openapi()["paths"].get(request.url.path, {}).get("get", {})
    declared, errors = [each["name"] for each in operation.get("parameters", [])], []
    for name in request.query_params:
        values = request.query_params.getlist(name)
        if name not in declared or len(values) > 1:
            only = f"only {', '.join(declared)}" if declared else "no parameter"
            rule = "one value, not several" if name in declared else only
            found = ", ".join(values)[:MAX_SHOWN]
            errors.append(InvalidParam(parameter=name, found=found, allowed=rule))
    if errors:
        raise invalid_params_error(*errors)


def document_problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI responses of a route's errors, and of the 422 of all routes."""
    documented: dict[int | str, dict[str, Any]] = {}
    for status in sorted({422, *statuses}):
        kind, text = _DOCUMENTED[status]
        example = json.loads(bytes(ProblemError(status, kind, text).to_response("/").body))
        content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
        documented[status] = {"description": text, "content": {MEDIA_TYPE: content}}
    return documented
