"""What surrounds every request: its id, HEAD, and the last net under an unforeseen error."""

import logging
import re
from http import HTTPStatus
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.logs import request_id
from api.problems import ProblemError, ProblemResponse

logger = logging.getLogger(__name__)

HEADER = "X-Request-ID"
# Anything else could forge a log line.
_ACCEPTED_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestContext:
    """Names each request, answers HEAD as GET without its body, and lets no error through.

    The id is the caller's `X-Request-ID` if it has 1-64 letters, digits, `.`, `_` or `-`, else a
    new one; it is in the answer's headers, in the body of a problem and in each log line.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; anything but HTTP passes untouched."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        identity = _identify(Headers(scope=scope).get(HEADER))
        is_head = scope["method"] == "HEAD"
        started = False

        async def answer(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                MutableHeaders(scope=message)[HEADER] = identity
            elif is_head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        token = request_id.set(identity)
        try:
            await self.app({**scope, "method": "GET"} if is_head else scope, receive, answer)
        except Exception:
            logger.exception("%s %r failed", scope["method"], scope["path"])
            if started:
                raise
            await ProblemResponse(scope["path"], _unforeseen())(scope, receive, answer)
        finally:
            request_id.reset(token)


def _identify(given: str | None) -> str:
    return given if given is not None and _ACCEPTED_ID.fullmatch(given) else uuid4().hex


def _unforeseen() -> ProblemError:
    return ProblemError(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "internal",
        "The request met an error that nobody foresaw; it is in the log under this request's id.",
    )
