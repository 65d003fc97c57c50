"""The optional API key, in the header `X-API-Key`."""

import hmac
import re

from fastapi import Request
from fastapi.security import APIKeyHeader

from api.problems import InvalidParam, ProblemError

HEADER = "X-API-Key"
DOCUMENTED = APIKeyHeader(name=HEADER, scheme_name="ApiKey", auto_error=False)
_OPEN = re.compile("/|/version|/openapi.json|/(health|dashboard|docs|static-offline-docs)(/.*)?")


def check_key(request: Request) -> None:
    """Raise a 401 unless the request has the key, or its path or service requires none."""
    key, given = request.app.state.settings.api_key, request.headers.getlist(HEADER)
    expected = key.get_secret_value().encode() if key else b""
    if not key or _OPEN.fullmatch(request.scope["path"]):
        return
    if len(given) == 1 and hmac.compare_digest(given[0].encode("latin-1"), expected):
        return
    missing = InvalidParam(parameter=HEADER, found=None, allowed="the key of this service")
    detail = f"This route requires the API key of this service in the header {HEADER}."
    challenge = {"WWW-Authenticate": f'ApiKey header="{HEADER}"'}
    raise ProblemError(401, "api-key-needed", detail, missing, **challenge)
