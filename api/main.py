"""The application: `python -m api`, or `uvicorn api.main:app`."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from anyio import to_thread
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

from api import logs
from api.access import HEADER, OPEN_PATHS, ApiKey
from api.answers import GZIP_BYTES
from api.database import Database
from api.documentation import make_openapi
from api.handlers import add_handlers
from api.kept import KeptAnswers, KeptFirst
from api.leave import Leave
from api.metrics import Metrics
from api.middleware import RequestContext
from api.routes import docs, health, labels, locations, metrics, models, page, predictions, version
from api.settings import Settings

logger = logging.getLogger(__name__)

_ROUTES = (
    predictions,
    labels,
    locations,
    models,
    version,
    health,
    metrics,
    page,
    docs,
)  # the most asked first
# The threads of list routes share one interpreter lock with the event loop: more of them would
# only delay it. Well below the engine's pool, so that no request waits for a connection.
_THREADS = 4
_GZIP_LEVEL = 5  # 9 takes three times as long for 5 % less
_EXPOSED = ("ETag", "Link", "Retry-After", "X-Request-ID")
_ASKED = (HEADER, "If-None-Match", "X-Request-ID")


def create_app(settings: Settings | None = None) -> FastAPI:
    """Make the application; the database is opened when it starts.

    Args:
        settings: those of the environment unless given.
    """
    settings = settings or Settings()
    app = _Application(
        title="Triptych",
        description="Stored predictions, of temperature, photos and reviews: read only, in UTC.",
        version=settings.version,
        lifespan=_lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.leave = Leave()
    app.state.kept = KeptAnswers()
    app.state.metrics = Metrics(settings.version, app.state.kept)
    _surround(app, settings)
    add_handlers(app)
    for routes in _ROUTES:
        app.include_router(routes.router)
    return app


def _surround(app: FastAPI, settings: Settings) -> None:
    """Add the middleware; the last added is the outermost.

    CORS is outside of `RequestContext`, so that a browser may read its 422, 431 and 500, too.
    """
    app.add_middleware(KeptFirst, state=app.state)
    if settings.api_key is not None:
        app.add_middleware(ApiKey, key=settings.api_key.get_secret_value())
    app.add_middleware(GZipMiddleware, minimum_size=GZIP_BYTES, compresslevel=_GZIP_LEVEL)
    app.add_middleware(RequestContext, metrics=app.state.metrics, leave=app.state.leave)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=("GET", "HEAD"),
            allow_headers=_ASKED,
            expose_headers=_EXPOSED,
        )


class _Application(FastAPI):
    """FastAPI whose OpenAPI document holds the shape of the problems."""

    def openapi(self) -> dict[str, Any]:
        """Make the document once."""
        self.openapi_schema = self.openapi_schema or make_openapi(self, OPEN_PATHS)
        return self.openapi_schema


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings = app.state.settings
    to_thread.current_default_thread_limiter().total_tokens = _THREADS
    with logs.written():
        database = Database(settings.database_url.get_secret_value())
        app.state.database = database
        readers = "everybody" if settings.api_key is None else f"who gives {HEADER}"
        logger.info("version %s reads %s for %s", settings.version, database.name, readers)
        try:
            yield
        finally:
            database.close()
            logger.info("stopped")


app = create_app()
