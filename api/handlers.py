"""What turns an error into its problem, and logs it."""

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from api.paging import CURSOR_RULE
from api.parameters import TEXT_RULE
from api.problems import (
    MAX_SHOWN,
    Complaint,
    ProblemError,
    ProblemResponse,
    refuse_parameters,
)
from api.refusals import AWAY, OTHER_SCHEMA, report_unavailable
from triptych.store.errors import SchemaError, StoreError

logger = logging.getLogger(__name__)


def add_handlers(app: FastAPI) -> None:
    """Give every error its handler."""
    app.exception_handler(HTTPException)(_answer_http_error)
    app.exception_handler(RequestValidationError)(_answer_invalid)
    app.exception_handler(ProblemError)(_answer_problem)
    app.exception_handler(StoreError)(_answer_unavailable)
    app.exception_handler(PoolTimeout)(_answer_unavailable)


def _answer_problem(request: Request, error: ProblemError) -> Response:
    return _refuse(request, error)


def _answer_http_error(request: Request, error: HTTPException) -> Response:
    status, path = HTTPStatus(error.status_code), request.url.path
    headers = dict(error.headers or {})
    kind, detail = status.phrase.lower().replace(" ", "-"), error.detail
    if status == HTTPStatus.NOT_FOUND:
        detail = f"There is no route {path!r}. /docs lists the routes."
    elif status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = "GET, HEAD"
        detail = f"{path!r} is read only: GET or HEAD, not {request.method}."
    return _refuse(request, ProblemError(status, kind, detail), headers)


def _answer_invalid(request: Request, error: RequestValidationError) -> Response:
    return _refuse(request, refuse_parameters([_complain(found) for found in error.errors()]))


def _answer_unavailable(request: Request, error: Exception) -> Response:
    logger.error("%s %r: the database failed", request.method, request.url.path, exc_info=error)
    detail = OTHER_SCHEMA if isinstance(error, SchemaError) else AWAY
    problem = report_unavailable("database-unavailable", detail)
    return ProblemResponse(request.url.path, problem)


def _refuse(
    request: Request, error: ProblemError, headers: dict[str, str] | None = None
) -> Response:
    # %r: what the caller sent must not begin a line of its own
    logger.warning(
        "%s %r refused: %d %r", request.method, request.url.path, error.status, error.detail
    )
    return ProblemResponse(request.url.path, error, headers)


def _complain(error: dict[str, Any]) -> Complaint:
    name = str(error["loc"][-1])
    if error["type"] == "missing":
        return Complaint(parameter=name, found=None, allowed="a value: it is required")
    rule = error["msg"]
    if error["type"] == "string_pattern_mismatch":  # Pydantic shows the regular expression
        rule = CURSOR_RULE if name == "cursor" else TEXT_RULE
    return Complaint(parameter=name, found=str(error["input"])[:MAX_SHOWN], allowed=rule)
