"""Files that a page is made of: read once, named by their bytes, under a policy of their own."""

import logging
from collections.abc import Iterable, Mapping
from hashlib import sha256
from http import HTTPStatus
from importlib.resources.abc import Traversable

from fastapi import HTTPException, Request, Response

from api.answers import is_held

logger = logging.getLogger(__name__)

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_PAGE = "index.html"


class Assets:
    """A page, index.html, and the files beside it.

    Args:
        files: read now; what is no part of a page is left out.
        policy: the Content-Security-Policy that they are given under.
    """

    def __init__(self, files: Iterable[Traversable], policy: str) -> None:
        self._bodies: Mapping[str, tuple[bytes, str]] = {
            file.name: (file.read_bytes(), media)
            for file in files
            for suffix, media in _TYPES.items()
            if file.name.endswith(suffix)
        }
        self._policy = policy

    def give_page(self, request: Request) -> Response:
        """Answer the page, or that the client has it."""
        return self._give(_PAGE, request)

    def give_file(self, name: str, request: Request) -> Response:
        """Answer a file beside the page; 404 if there is none of that name."""
        if name not in self._bodies or name == _PAGE:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return self._give(name, request)

    def _give(self, name: str, request: Request) -> Response:
        body, media = self._bodies[name]
        tag = f'"{sha256(body).hexdigest()[:32]}"'
        # weak: the tag is the same with and without gzip
        headers = {"ETag": f"W/{tag}", "Cache-Control": "no-cache"}
        headers["Content-Security-Policy"] = self._policy
        if is_held(tag, ",".join(request.headers.getlist("if-none-match"))):
            logger.info("%s, which the client has", name)
            headers["Vary"] = "Accept-Encoding"
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        logger.info("%s, %d bytes", name, len(body))
        return Response(body, media_type=media, headers=headers)
