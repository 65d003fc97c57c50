"""Size limits, the API key, HEAD, security headers and the response to unexpected errors."""

import hmac
import logging
import re

from fastapi import Request
from fastapi.security import APIKeyHeader
from starlette.datastructures import MutableHeaders, State
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import InvalidParam, ProblemError, invalid_params_error

logger = logging.getLogger(__name__)

API_KEY_HEADER = "X-API-Key"
API_KEY = APIKeyHeader(name=API_KEY_HEADER, scheme_name="ApiKey", auto_error=False)
_OPEN = re.compile("/|/version|/openapi.json|/(health|dashboard|docs|static-offline-docs)(/.*)?")
_MAX_HEADERS, _MAX_HEADER_BYTES = 100, 16_384
# Holds the longest `item`, percent-encoded, or a cursor with an item of 16,000 bytes.
_MAX_QUERY_BYTES = 32_768
_MAX_PARAMS = 30
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_DOCS_HEADERS = _HEADERS | {
    "Content-Security-Policy": "default-src 'none'; script-src 'self' 'unsafe-inline'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"  # FastAPI's page has its script inline
}


class HttpMiddleware:
    """Limits requests, answers HEAD like GET, completes headers and handles unexpected errors."""

    def __init__(self, app: ASGIApp, state: State) -> None:
        self.app, self._state = app, state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method, path, started = scope["method"], scope["path"], False

        async def send_completed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in (_DOCS_HEADERS if path == "/docs" else _HEADERS).items():
                    headers.setdefault(name, value)
                if self._state.draining:  # clients reconnect elsewhere
                    headers["Connection"] = "close"
            await send(message)

        inner = {**scope, "method": "GET"} if method == "HEAD" else scope
        try:
            _check_limits(scope)
            _check_key(Request(inner))
            await self.app(inner, receive, send_completed)
        except ProblemError as error:
            logger.warning("%s %r rejected: %d", method, path, error.status)
            await error.to_response(path)(scope, receive, send_completed)
        except Exception:
            logger.exception("%s %r failed", method, path)
            if started:
                raise
            failure = ProblemError(500, "internal", "Unexpected error. The log has its request id.")
            await failure.to_response(path)(scope, receive, send_completed)


def _check_limits(scope: Scope) -> None:
    query, headers = scope["query_string"], scope["headers"]
    if len(query) > _MAX_QUERY_BYTES or query.count(b"&") >= _MAX_PARAMS:
        found, rule = f"{len(query)} bytes", f"{_MAX_QUERY_BYTES} bytes, {_MAX_PARAMS} parameters"
        raise invalid_params_error(InvalidParam(parameter="query", found=found, allowed=rule))
    if len(headers) > _MAX_HEADERS or sum(len(value) for _, value in headers) > _MAX_HEADER_BYTES:
        detail = f"At most {_MAX_HEADERS} headers of {_MAX_HEADER_BYTES} bytes together are read."
        raise ProblemError(431, "headers-too-large", detail)


def _check_key(request: Request) -> None:
    """Raise a 401 unless the request has the key, or its path or service requires none."""
    key, given = request.app.state.settings.api_key, request.headers.getlist(API_KEY_HEADER)
    expected = key.get_secret_value().encode() if key else b""
    if not key or _OPEN.fullmatch(request.scope["path"]):
        return
    if len(given) == 1 and hmac.compare_digest(given[0].encode("latin-1"), expected):
        return
    missing = InvalidParam(parameter=API_KEY_HEADER, found=None, allowed="the key of this service")
    detail = f"This route requires the API key of this service in the header {API_KEY_HEADER}."
    challenge = {"WWW-Authenticate": f'ApiKey header="{API_KEY_HEADER}"'}
    raise ProblemError(401, "api-key-needed", detail, missing, **challenge)
