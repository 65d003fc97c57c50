"""Who may read: everybody, or who knows the key that the environment names."""

import hmac
import logging

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.problems import ProblemResponse
from api.refusals import refuse_key

logger = logging.getLogger(__name__)

HEADER = "X-API-Key"
# What watches over the service needs no key; the documentation says how to give it, the page asks
# for it.
OPEN_PATHS = frozenset(
    {
        "/",
        "/dashboard/api.js",
        "/dashboard/chart.js",
        "/dashboard/icon.svg",
        "/dashboard/page.css",
        "/dashboard/page.js",
        "/dashboard/words.js",
        "/docs",
        "/docs/start.js",
        "/docs/swagger-ui-bundle.js",
        "/docs/swagger-ui.css",
        "/health/live",
        "/health/ready",
        "/openapi.json",
        "/version",
    }
)


class ApiKey:
    """Answers 401 to a request without the key, on all paths but `OPEN_PATHS`.

    Args:
        app: what the request goes on to.
        key: the key; it is compared in a time that tells nothing of it.
    """

    def __init__(self, app: ASGIApp, key: str) -> None:
        self.app = app
        self._key = key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or refuse it."""
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS or self._is_known(scope):
            await self.app(scope, receive, send)
            return
        logger.warning("%s %r refused: no key or a wrong one", scope["method"], scope["path"])
        headers = {"WWW-Authenticate": f'ApiKey header="{HEADER}"'}
        await ProblemResponse(scope["path"], refuse_key(), headers)(scope, receive, send)

    def _is_known(self, scope: Scope) -> bool:
        given = Headers(scope=scope).getlist(HEADER)
        return len(given) == 1 and hmac.compare_digest(given[0].encode("latin-1"), self._key)
