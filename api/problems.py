"""Every error of the API as one shape: `application/problem+json`, RFC 9457."""

import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
from http import HTTPStatus
from typing import Any

from fastapi import Response
from pydantic import BaseModel, Field

from api.logs import request_id

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 10
MAX_SHOWN = 100  # characters of what a caller sent


class Complaint(BaseModel):
    """One parameter that cannot be answered, what was found and what is allowed."""

    parameter: str = Field(examples=["location"])
    found: str | None = Field(description="null: it is missing", examples=["atlantis"])
    allowed: str = Field(examples=["one of: brest, paris"])


class Problem(BaseModel):
    """What went wrong (RFC 9457), with the parameters at fault."""

    type: str = Field(
        description="stable name of the kind of problem",
        examples=["urn:triptych:problem:unknown-location"],
    )
    title: str = Field(description="the kind of problem, for people", examples=["Unknown location"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is no location 'atlantis'. Known: brest, paris."])
    instance: str = Field(description="path of the request", examples=["/predictions"])
    request_id: str = Field(examples=["5f0c2b7e9a1d4c3f8e6b2a1909c7d4e1"])
    errors: list[Complaint] = Field(description="the parameters at fault; may be empty")


class ProblemError(Exception):
    """An answer that is a problem: raised anywhere below a route, sent as its Problem.

    Args:
        status: the HTTP status.
        kind: last part of the problem's type, in kebab case.
        detail: one explanation for the user: the thing, the rule, what was found, what to do.
        errors: the parameters at fault.
    """

    def __init__(
        self, status: HTTPStatus, kind: str, detail: str, errors: list[Complaint] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.errors = errors or []


def refuse_parameters(complaints: list[Complaint]) -> ProblemError:
    """Make the 422 that names each parameter, what was found and what is allowed."""
    detail = "; ".join(
        f"{each.parameter}: {'missing' if each.found is None else repr(each.found)} "
        f"(allowed: {each.allowed})"
        for each in complaints
    )
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return ProblemError(status, "invalid-parameter", f"Cannot answer for {detail}.", complaints)


def suggest(found: str, known: Iterable[str]) -> str:
    """Write a sentence that names the known value that is meant, if one is close enough."""
    names = {_fold(name): name for name in known}
    close = get_close_matches(_fold(found), names, n=1)
    return f" Did you mean `{names[close[0]]}`?" if close else ""


def _fold(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return plain.casefold().replace(" ", "-")


def make_problem(path: str, error: ProblemError, identity: str) -> Problem:
    """Make the body of a problem.

    Args:
        path: of the request.
        error: what to say.
        identity: of the request.
    """
    return Problem(
        type=f"urn:triptych:problem:{error.kind}",
        title=error.kind.replace("-", " ").capitalize(),
        status=error.status,
        detail=error.detail,
        instance=path,
        request_id=identity,
        errors=error.errors,
    )


class ProblemResponse(Response):
    """The response that carries a problem; nobody keeps it."""

    media_type = MEDIA_TYPE

    def __init__(
        self, path: str, error: ProblemError, headers: dict[str, Any] | None = None
    ) -> None:
        body = make_problem(path, error, request_id.get()).model_dump_json()
        always = {"Cache-Control": "no-store"}
        if error.status == HTTPStatus.SERVICE_UNAVAILABLE:
            always["Retry-After"] = str(RETRY_AFTER_SECONDS)
        super().__init__(body, error.status, {**always, **(headers or {})})
