"""Cache of rendered responses, valid for one version of the data."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from prometheus_client import Counter

from api.responses import CachedResponse, choose_media


class ResponseCache:
    """The most recently used responses of one version of the data, up to some bytes of memory."""

    def __init__(self, max_bytes: int = 64 * 1024 * 1024) -> None:
        self._max_bytes = max_bytes
        self.responses: OrderedDict[Hashable, CachedResponse] = OrderedDict()
        self._version: Hashable | None = None
        self.bytes = 0
        self.hits = Counter("triptych_cache_hits", "responses from the cache", registry=None)

    def get(self, version: Hashable | None, key: Hashable) -> CachedResponse | None:
        """Return the response cached under a key; another version, or None, empties the cache."""
        if version is None or version != self._version:
            self.responses.clear()
            self._version, self.bytes = version, 0
        response = self.responses.get(key)
        if response is not None:
            self.responses.move_to_end(key)
            self.hits.inc()
        return response

    def put(self, version: Hashable | None, key: Hashable, response: CachedResponse) -> None:
        """Cache a response that was read after `version`, unless the version has changed since."""
        if version is None or version != self._version or key in self.responses:
            return
        self.responses[key] = response
        self.bytes += response.size
        while self.bytes > self._max_bytes:
            self.bytes -= self.responses.popitem(last=False)[1].size


class CachedRoute(APIRoute):
    """A list route, whose endpoint returns a `CachedResponse`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler, behind the cache."""
        handle = super().get_route_handler()
        logger = logging.getLogger(self.endpoint.__module__)

        async def get_or_handle(request: Request) -> Any:
            scope, state, headers = request.scope, request.app.state, request.headers
            media = choose_media(",".join(headers.getlist("accept")))
            key = (scope["path"], scope["query_string"], media)
            version = await state.database.data_version()  # first: the response is not older
            response: Any = state.cache.get(version, key)
            if response is None:
                response = await handle(request)
                state.cache.put(version, key, response)
            logger.info(response.summary)
            return response.to_client(",".join(headers.getlist("if-none-match")))

        return get_or_handle
