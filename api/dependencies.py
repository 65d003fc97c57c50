"""What a request reaches the application's state by.

Not FastAPI dependencies: solving one takes longer than the query of a prediction.
"""

from fastapi import Request

from api.database import Database
from api.settings import Settings


def get_database(request: Request) -> Database:
    """Find the database that the application opened when it started."""
    database: Database = request.app.state.database
    return database


def get_settings(request: Request) -> Settings:
    """Find the settings that the application was made with."""
    settings: Settings = request.app.state.settings
    return settings
