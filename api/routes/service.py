"""Version, health and dashboard."""

import logging
from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter, Request, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from api.problems import RETRY, ProblemError, document_problems

logger = logging.getLogger(__name__)
router = APIRouter(tags=["service"], responses=document_problems())

STATIC = Path(__file__).resolve().parent.parent / "static"
# The dashboard runs its own files and calls its own routes: nothing inline, no other host.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)


class DashboardFiles(StaticFiles):
    """Static files with the Content-Security-Policy of the dashboard."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, or a 304 if the client has it."""
        response = await super().get_response(path, scope)
        response.headers["ETag"] = f"W/{response.headers['ETag']}"  # weak: the same with gzip
        response.headers["Cache-Control"] = "no-cache"
        response.headers["Content-Security-Policy"] = _POLICY
        if response.status_code == HTTPStatus.NOT_MODIFIED:  # GZipMiddleware adds it to others
            response.headers["Vary"] = "Accept-Encoding"
        return response


_FILES = DashboardFiles(directory=STATIC)


@router.get("/", include_in_schema=False)
@router.get("/dashboard/{name}", include_in_schema=False)
async def get_dashboard(request: Request, name: str = "") -> Response:
    """Return the dashboard, which displays the other routes, or one of its files."""
    return await _FILES.get_response(f"dashboard/{name}" if name else "index.html", request.scope)


@router.get("/version", operation_id="get-version")
async def get_version(request: Request) -> dict[str, str]:
    """Return the version: 0.0.0 locally, the commit id in images built by CI."""
    logger.info("version %s", request.app.version)
    return {"version": request.app.version}


@router.get("/health/live", operation_id="get-health-live")
async def get_live() -> dict[str, str]:
    """Respond as long as the process runs, whatever the state of the database."""
    logger.debug("live")
    return {"status": "ok"}


@router.get("/health/ready", operation_id="get-health-ready", responses=document_problems(503))
async def get_ready(request: Request) -> dict[str, str]:
    """Respond only if the database is available with a compatible schema, and no shutdown began."""
    if request.app.state.draining:
        raise ProblemError(503, "stopping", "The service shuts down. Use another one.", **RETRY)
    await request.app.state.database.data_version()
    logger.debug("ready")
    return {"status": "ok"}
