"""What the routes take, named once."""

from typing import Annotated

from fastapi import Depends, Request

from api.database import Database
from api.settings import Settings


# Coroutines, though they await nothing: FastAPI would run functions in the thread pool.
async def _get_database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


async def _get_settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


DatabaseDep = Annotated[Database, Depends(_get_database)]
SettingsDep = Annotated[Settings, Depends(_get_settings)]
