"""What surrounds every request: its id, HEAD, headers, figures, and the last net under an error."""

import logging
import re
from time import perf_counter
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.leave import Leave
from api.logs import request_id
from api.metrics import Metrics
from api.problems import ProblemError, ProblemResponse
from api.refusals import (
    MAX_HEADER_BYTES,
    MAX_HEADERS,
    MAX_PARAMETERS,
    MAX_QUERY,
    refuse_headers,
    refuse_query,
    report_unforeseen,
)

logger = logging.getLogger(__name__)

_ID = b"x-request-id"
# Anything else could forge a log line.
_ACCEPTED_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
# What every answer says where its route says nothing else.
_DEFAULTS = {
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cross-origin-resource-policy": b"same-origin",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
}


class RequestContext:
    """Names each request, answers HEAD as GET without its body, and lets no error through.

    The id is the caller's `X-Request-ID` if it has 1-64 letters, digits, `.`, `_` or `-`, else a
    new one; it is in the answer's headers, in the body of a problem and in each log line.

    Args:
        app: what the request goes on to.
        metrics: where it is counted.
        leave: whether the service is about to stop: then each answer ends its connection.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, leave: Leave) -> None:
        self.app = app
        self._metrics = metrics
        self._leave = leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; anything but HTTP passes untouched."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = perf_counter()
        identity = _identify(scope)
        method = scope["method"]
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _complete(message["headers"], identity)
                if self._leave.begun:
                    message["headers"].append((b"connection", b"close"))
            elif method == "HEAD" and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        token = request_id.set(identity.decode())
        inner = {**scope, "method": "GET"} if method == "HEAD" else scope
        try:
            await self._go_on(inner, receive, answer)
        except Exception:
            logger.exception("%s %r failed", method, scope["path"])
            if status:
                raise
            await ProblemResponse(scope["path"], report_unforeseen())(scope, receive, answer)
        finally:
            request_id.reset(token)
            self._metrics.count(_name_route(inner), method, status, perf_counter() - begun)

    async def _go_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        error = _find_excess(scope)
        if error is None:
            await self.app(scope, receive, send)
            return
        logger.warning("%s %r refused: %d", scope["method"], scope["path"], error.status)
        await ProblemResponse(scope["path"], error)(scope, receive, send)


def _find_excess(scope: Scope) -> ProblemError | None:
    """Refuse what would take long to read, and means nothing."""
    query, headers = scope["query_string"], scope["headers"]
    if len(query) > MAX_QUERY or query.count(b"&") >= MAX_PARAMETERS:
        return refuse_query(len(query))
    size = sum(len(value) for _, value in headers)
    if len(headers) > MAX_HEADERS or size > MAX_HEADER_BYTES:
        return refuse_headers()
    return None


def _identify(scope: Scope) -> bytes:
    given: bytes | None = next((value for name, value in scope["headers"] if name == _ID), None)
    return given if given and _ACCEPTED_ID.fullmatch(given) else uuid4().hex.encode()


def _complete(headers: list[tuple[bytes, bytes]], identity: bytes) -> list[tuple[bytes, bytes]]:
    """Add what every answer has; what the route itself says counts."""
    said = {name for name, _ in headers}
    added = [each for each in _DEFAULTS.items() if each[0] not in said]
    return [*headers, *added, (_ID, identity)]


def _name_route(scope: Scope) -> str:
    return getattr(scope.get("route"), "path", "none")
