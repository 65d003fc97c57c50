"""A list that was read, as the response that carries it, in the form that is asked for."""

import logging
import re
from hashlib import sha256
from http import HTTPStatus

from fastapi import Request, Response
from starlette.types import Receive, Scope, Send

from api.dependencies import get_settings
from api.negotiation import CSV, JSON, choose_media
from api.paging import make_next
from api.tabular import Listing, write_csv, write_json

logger = logging.getLogger(__name__)

_TYPES = {JSON: JSON, CSV: "text/csv; charset=utf-8; header=present"}
GZIP_BYTES = 1000  # smaller bodies are sent as they are
_TAG = re.compile(r'(?:W/)?("[^"]*")')


class _Reusable(Response):
    """A response that is sent any number of times, to anybody."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it with headers of this time's own: who stands around the route adds some."""
        headers = list(self.raw_headers)
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


class Answer(_Reusable):
    """An answer with the name of its bytes: a client that has them is told so.

    Args:
        body: in the form of `media`.
        media: JSON or CSV.
        more: path and query of the next page.
        note: what the log says each time that it is given.
        cache_control: which caches may keep it.
    """

    def __init__(
        self, body: bytes, media: str, more: str | None, note: str, cache_control: str
    ) -> None:
        self.tag = f'"{sha256(body + (more or "").encode()).hexdigest()[:32]}"'
        self.note = note
        self.logger = logger
        self.route: object = None
        # to be asked for again each time: a promotion changes it at any moment
        # weak: the tag is the same with and without gzip
        headers = {"ETag": f"W/{self.tag}", "Cache-Control": cache_control, "Vary": "Accept"}
        if more is not None:
            headers["Link"] = f'<{more}>; rel="next"'
        super().__init__(body, headers={**headers, "Content-Type": _TYPES[media]})
        if len(body) >= GZIP_BYTES:  # as the compressed response says
            headers["Vary"] += ", Accept-Encoding"
        self._unchanged = _Reusable(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)

    @property
    def size(self) -> int:
        """Bytes that it takes in memory, about."""
        return len(self.body) + 2000

    def give(self, tags: str) -> Response:
        """Log it, and give itself: or 304 if the client says that it has it.

        Args:
            tags: the client's If-None-Match (RFC 9110, section 13.1.2), or nothing.
        """
        self.logger.info(self.note)
        return self._unchanged if is_held(self.tag, tags) else self


def is_held(tag: str, tags: str) -> bool:
    """Tell whether a client has the bytes of a tag.

    Args:
        tag: of the bytes, in quotes.
        tags: the client's If-None-Match (RFC 9110, section 13.1.2), or nothing.
    """
    return bool(tags) and (tags.strip() == "*" or tag in _TAG.findall(tags))


def make_answer(request: Request, found: Listing, cursor: object | None, note: str) -> Answer:
    """Make the response of a list, in the form that the request takes.

    Args:
        request: whose Accept header counts.
        found: what was read.
        cursor: of the next page; None if this is the last.
        note: what the log says of it.
    """
    more = make_next(request, cursor)
    found = found.model_copy(update={"next": more})
    media = choose_media(",".join(request.headers.getlist("accept")))
    body = write_csv(found) if media == CSV else write_json(found)
    secret = get_settings(request).api_key is not None
    return Answer(body, media, more, note, "private, no-cache" if secret else "no-cache")
