"""A page for people who would rather look, and the files that it is made of."""

import logging
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request, Response

from api.answers import is_held
from api.strict import StrictRoute

logger = logging.getLogger(__name__)
router = APIRouter(route_class=StrictRoute, include_in_schema=False)

FOLDER = Path(__file__).resolve().parent.parent / "dashboard"
# The page runs its own files and asks its own routes: nothing inline, nothing of another host.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_FILES = {
    path.name: (path.read_bytes(), _TYPES[path.suffix])
    for path in sorted(FOLDER.iterdir())
    if path.suffix in _TYPES
}


@router.get("/")
async def get_page(request: Request) -> Response:
    """Answer the page: it draws what the other routes answer."""
    return _give("index.html", request)


@router.get("/dashboard/{name}")
async def get_file(request: Request, name: str) -> Response:
    """Answer a file of the page; 404 if it has none of that name."""
    if name not in _FILES or name == "index.html":
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return _give(name, request)


def _give(name: str, request: Request) -> Response:
    body, media = _FILES[name]
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Content-Security-Policy": POLICY}
    if is_held(tag, ",".join(request.headers.getlist("if-none-match"))):
        logger.info("%s, which the client has", name)
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    logger.info("%s, %d bytes", name, len(body))
    return Response(body, media_type=media, headers=headers)
