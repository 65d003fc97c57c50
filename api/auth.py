"""The optional API key, in the header `X-API-Key`."""

import hmac
from typing import Annotated

from fastapi import Request, Security
from fastapi.security import APIKeyHeader

from api.problems import InvalidParam, ProblemError

HEADER = "X-API-Key"
_header = APIKeyHeader(name=HEADER, scheme_name="ApiKey", auto_error=False)


def check_key(request: Request) -> None:
    """Raise a 401 unless the request has the key, or none is required."""
    key, given = request.app.state.settings.api_key, request.headers.getlist(HEADER)
    expected = key.get_secret_value().encode() if key else b""
    if not key or (len(given) == 1 and hmac.compare_digest(given[0].encode("latin-1"), expected)):
        return
    missing = InvalidParam(parameter=HEADER, found=None, allowed="the key of this service")
    detail = f"This route requires the API key of this service in the header {HEADER}."
    challenge = {"WWW-Authenticate": f'ApiKey header="{HEADER}"'}
    raise ProblemError(401, "api-key-needed", detail, missing, **challenge)


async def require_key(request: Request, _key: Annotated[str | None, Security(_header)]) -> None:
    """Check the key as a dependency of a route, which documents it in OpenAPI."""
    check_key(request)
