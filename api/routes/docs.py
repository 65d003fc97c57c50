"""The OpenAPI page: Swagger UI, from a package in the lock and not from another host."""

from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, Request, Response

from api.assets import Assets
from api.strict import StrictRoute

router = APIRouter(route_class=StrictRoute, include_in_schema=False)

FOLDER = Path(__file__).resolve().parent.parent / "swagger"
# Swagger UI writes styles into the document, and its pictures into its styles.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_STATIC = files("fastapi_offline") / "static"
_SWAGGER = [_STATIC / name for name in ("swagger-ui-bundle.js", "swagger-ui.css")]
_ASSETS = Assets([*FOLDER.iterdir(), *_SWAGGER], POLICY)


@router.get("/docs")
async def get_docs(request: Request) -> Response:
    """Answer the page that shows every route and lets it be tried."""
    return _ASSETS.give_page(request)


@router.get("/docs/{name}")
async def get_docs_file(request: Request, name: str) -> Response:
    """Answer a file of that page; 404 if it has none of that name."""
    return _ASSETS.give_file(name, request)
