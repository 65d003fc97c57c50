"""A page for people who would rather look, and the files that it is made of."""

from pathlib import Path

from fastapi import APIRouter, Request, Response

from api.assets import Assets
from api.strict import StrictRoute

router = APIRouter(route_class=StrictRoute, include_in_schema=False)

FOLDER = Path(__file__).resolve().parent.parent / "dashboard"
# The page runs its own files and asks its own routes: nothing inline, nothing of another host.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
_ASSETS = Assets(FOLDER.iterdir(), POLICY)


@router.get("/")
async def get_page(request: Request) -> Response:
    """Answer the page: it draws what the other routes answer."""
    return _ASSETS.give_page(request)


@router.get("/dashboard/{name}")
async def get_file(request: Request, name: str) -> Response:
    """Answer a file of the page; 404 if it has none of that name."""
    return _ASSETS.give_file(name, request)
