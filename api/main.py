"""The application: `uvicorn api.main:app`."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from api import logs
from api.database import Database
from api.documentation import make_openapi
from api.handlers import add_handlers
from api.middleware import RequestContext
from api.routes import health, locations, models, predictions, version
from api.settings import Settings

logger = logging.getLogger(__name__)


def create_app(settings: Settings | None = None) -> FastAPI:
    """Make the application; the database is opened when it starts.

    Args:
        settings: those of the environment unless given.
    """
    settings = settings or Settings()
    app = _Application(
        title="Triptych",
        description="Stored temperature predictions: read only, times in UTC.",
        version=settings.version,
        lifespan=_lifespan,
        redirect_slashes=False,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
    )
    app.state.settings = settings
    app.add_middleware(RequestContext)
    add_handlers(app)
    for routes in (predictions, locations, models, version, health):  # the most asked first
        app.include_router(routes.router)
    return app


class _Application(FastAPI):
    """FastAPI whose OpenAPI document holds the shape of the problems."""

    def openapi(self) -> dict[str, Any]:
        """Make the document once."""
        self.openapi_schema = self.openapi_schema or make_openapi(self)
        return self.openapi_schema


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    with logs.written():
        database = Database(app.state.settings.database_url.get_secret_value())
        app.state.database = database
        logger.info("version %s reads %s", app.state.settings.version, database.name)
        try:
            yield
        finally:
            database.close()
            logger.info("stopped")


app = create_app()
