"""Answers that are kept as bytes for as long as the data are the same."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from typing import Any

from fastapi import Request, Response
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.datastructures import State
from starlette.types import ASGIApp, Receive, Scope, Send

from api.answers import Answer
from api.dependencies import get_database, get_kept
from api.negotiation import choose_media
from api.problems import ProblemError
from api.strict import StrictRoute
from triptych.store.errors import StoreError

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

    def __contains__(self, key: Hashable) -> bool:
        """Tell whether there is an answer, of whatever version."""
        return key in self._answers

    def find(self, version: Hashable | None, key: Hashable) -> Answer | None:
        """Find the answer to a request, if it was kept in this version of the data."""
        if version is None or version != self._version:
            self._answers.clear()
            self._version, self.bytes = version, 0
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


class KeptRoute(StrictRoute):
    """A route of a list: it logs its answer, and keeps it.

    The version is read first: an answer kept under it is never older than it.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the route's handler in the keeping."""
        handle = super().get_route_handler()
        logger = logging.getLogger(self.endpoint.__module__)

        async def find_or_handle(request: Request) -> Response:
            key, tags = _name(request.scope)
            kept, version = get_kept(request), await get_database(request).read_version()
            answer: Any = kept.find(version, key)
            if answer is None:
                answer = await handle(request)
                answer.logger, answer.route = logger, request.scope["route"]
                kept.keep(version, key, answer)
            response: Response = answer.give(tags)
            return response

        return find_or_handle


class KeptFirst:
    """Gives what is kept before the framework looks for its route, which takes longer.

    All else goes on to the route, also what cannot be answered: the route says why.

    Args:
        app: what the request goes on to.
        state: the application's, with its database and the answers.
    """

    def __init__(self, app: ASGIApp, state: State) -> None:
        self.app = app
        self._state = state
        self._kept: KeptAnswers = state.kept

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        found = await self._find(scope) if scope["type"] == "http" else None
        await (found or self.app)(scope, receive, send)

    async def _find(self, scope: Scope) -> Response | None:
        if scope["method"] != "GET":
            return None
        try:
            key, tags = _name(scope)
            if key not in self._kept:
                return None
            answer = self._kept.find(await self._state.database.read_version(), key)
        except (ProblemError, StoreError, PoolTimeout):
            return None
        if answer is None:
            return None
        scope["route"] = answer.route  # as the framework would, for the figures
        return answer.give(tags)


def _name(scope: Scope) -> tuple[Hashable, str]:
    """Name the answer that is asked for, and read the tags of those that the client has."""
    accept, tags = [], []
    for name, value in scope["headers"]:
        if name == b"accept":
            accept.append(value.decode("latin-1"))
        elif name == b"if-none-match":
            tags.append(value.decode("latin-1"))
    key = (scope["path"], scope["query_string"], choose_media(",".join(accept)))
    return key, ",".join(tags)
