"""Answers that are kept as bytes for as long as the data are the same."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from typing import Any

from fastapi import Request, Response

from api.answers import Answer
from api.dependencies import get_database, get_kept
from api.negotiation import choose_media
from api.strict import StrictRoute

MAX_BYTES = 64 * 1024 * 1024


class KeptAnswers:
    """The answers of one version of the data; the ones least asked for go when they are too many.

    Args:
        max_bytes: that all may take together.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._answers: OrderedDict[Hashable, Answer] = OrderedDict()
        self._version: Hashable | None = None
        self.bytes = 0
        self.hits = 0

    def __len__(self) -> int:
        """Count the answers."""
        return len(self._answers)

    def find(self, version: Hashable | None, key: Hashable) -> Answer | None:
        """Find the answer to a request, if it was kept in this version of the data."""
        if version is None or version != self._version:
            self._forget(version)
            return None
        answer = self._answers.get(key)
        if answer is not None:
            self._answers.move_to_end(key)
            self.hits += 1
        return answer

    def keep(self, version: Hashable | None, key: Hashable, answer: Answer) -> None:
        """Keep an answer that was read after `version` was, unless that is another one by now."""
        if version is None or version != self._version or key in self._answers:
            return
        self._answers[key] = answer
        self.bytes += answer.size
        while self.bytes > self._max_bytes:
            self.bytes -= self._answers.popitem(last=False)[1].size

    def _forget(self, version: Hashable | None) -> None:
        self._answers.clear()
        self._version, self.bytes = version, 0


class KeptRoute(StrictRoute):
    """A route of a list: its answer is made once for a version of the data, and logged each time.

    The version is read first: an answer kept under it is never older than it.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the route's handler in the look at what is kept."""
        handle = super().get_route_handler()
        logger = logging.getLogger(self.endpoint.__module__)

        async def find_or_handle(request: Request) -> Response:
            accept, tags = _read_headers(request)
            key = (request.scope["path"], request.scope["query_string"], choose_media(accept))
            kept, version = get_kept(request), await get_database(request).read_version()
            answer: Any = kept.find(version, key)
            if answer is None:
                answer = await handle(request)
                kept.keep(version, key, answer)
            logger.info(answer.note)
            response: Response = answer.for_owner_of(tags)
            return response

        return find_or_handle


def _read_headers(request: Request) -> tuple[str, str]:
    """Read Accept and If-None-Match in one go through the headers."""
    accept, tags = [], []
    for name, value in request.scope["headers"]:
        if name == b"accept":
            accept.append(value.decode("latin-1"))
        elif name == b"if-none-match":
            tags.append(value.decode("latin-1"))
    return ",".join(accept), ",".join(tags)
