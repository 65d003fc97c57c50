"""The application: `python -m api`, or `uvicorn --factory api.app:create_app`."""

import asyncio
import logging
import re
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from anyio import to_thread
from asgi_correlation_id import CorrelationIdMiddleware
from fastapi import Depends, FastAPI, Security
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

from api import cache, database, middleware, observability, problems, responses
from api.routes import catalog, predictions, service
from triptych.store.engine import sqlite_url
from triptych.store.errors import StoreError, name_database

logger = logging.getLogger(__name__)

_ERRORS = (HTTPException, RequestValidationError, problems.ProblemError, StoreError, PoolTimeout)
_THREADS = 4  # of the lists: they delay the event loop, and each needs a connection of the pool
_DRAIN_SECONDS = 3
_DATABASE = Path(__file__).resolve().parent.parent / "data" / "triptych.db"
_GZIP_LEVEL = 5  # 9 takes three times as long for 5 % less


class Settings(BaseSettings):
    """The settings, from `TRIPTYCH_*`, with defaults for a local run; no error shows a value."""

    model_config = SettingsConfigDict(
        env_prefix="TRIPTYCH_", env_ignore_empty=True, frozen=True, hide_input_in_errors=True
    )

    database_url: SecretStr = SecretStr(sqlite_url(_DATABASE))  # may hold a password
    version: str = "0.0.0"
    api_key: SecretStr | None = None  # None: no key is required
    cors_origins: str = ""  # comma-separated


def create_app(settings: Settings | None = None) -> FastAPI:
    """Create the application, by default with the settings of the environment."""
    settings = settings or Settings()
    app = FastAPIOffline(
        redoc_url=None,
        favicon_url="/dashboard/icon.svg",
        title="Triptych",
        description="Stored predictions of temperature, photos and reviews: read-only, in UTC.",
        version=settings.version,
        lifespan=_lifespan,
        redirect_slashes=False,
        dependencies=[Depends(problems.check_param_names)],
        exception_handlers=dict.fromkeys(_ERRORS, problems.handle_error),
        swagger_ui_parameters={"tryItOutEnabled": True, "validatorUrl": None},
    )
    app.state.settings, app.state.cache, app.state.draining = settings, cache.ResponseCache(), False
    protected: dict[str, Any] = {}
    if settings.api_key is not None:  # as documented; the middleware checks it
        protected["dependencies"] = [Security(middleware.API_KEY)]
        protected["responses"] = problems.document_problems(401)
    for module in (predictions, catalog):
        app.include_router(module.router, **protected)
    app.include_router(service.router)
    # the last middleware added is the outermost
    app.add_middleware(GZipMiddleware, minimum_size=responses.GZIP_BYTES, compresslevel=_GZIP_LEVEL)
    app.add_middleware(middleware.HttpMiddleware, state=app.state)
    observability.add_metrics(app, settings.version, app.state.cache, **protected)
    request_id = re.compile("[A-Za-z0-9._-]{1,64}")  # anything else could forge a log line
    app.add_middleware(CorrelationIdMiddleware, validator=lambda x: bool(request_id.fullmatch(x)))
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=[each.strip().rstrip("/") for each in settings.cors_origins.split(",")],
            allow_methods=("GET", "HEAD"),
            allow_headers=(middleware.API_KEY_HEADER, "If-None-Match", "X-Request-ID"),
            expose_headers=("ETag", "Link", "Retry-After", "X-Request-ID"),
        )
    # FastAPI makes and keeps the document; no route returns the schema of the problems
    problem = problems.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    app.openapi()["components"]["schemas"] |= problem.pop("$defs") | {"Problem": problem}
    return app


def _drain_on_sigterm(app: FastAPI) -> None:
    """On SIGTERM, report "not ready" for some seconds, then do what the server would have done."""
    loop, stop = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)

    def drain() -> None:
        app.state.draining = True
        if callable(stop):
            loop.call_later(_DRAIN_SECONDS, stop, signal.SIGTERM, None)

    if threading.current_thread() is threading.main_thread():
        loop.add_signal_handler(signal.SIGTERM, drain)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    to_thread.current_default_thread_limiter().total_tokens = _THREADS
    _drain_on_sigterm(app)
    observability.configure_json_logging()
    app.state.database = opened = database.Database(settings.database_url.get_secret_value())
    logger.info("version %s serves %s", app.version, name_database(opened.engine.url))
    yield
    opened.close()
    logger.info("stopped")
