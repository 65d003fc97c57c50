"""What a request reaches the application's state by.

Not FastAPI dependencies: solving one takes longer than the query of a prediction.
"""

from typing import TYPE_CHECKING

from fastapi import Request

from api.database import Database
from api.settings import Settings

if TYPE_CHECKING:
    from api.kept import KeptAnswers
    from api.leave import Leave
    from api.metrics import Metrics


def get_database(request: Request) -> Database:
    """Find the database that the application opened when it started."""
    database: Database = request.app.state.database
    return database


def get_settings(request: Request) -> Settings:
    """Find the settings that the application was made with."""
    settings: Settings = request.app.state.settings
    return settings


def get_kept(request: Request) -> "KeptAnswers":
    """Find the answers that the application keeps."""
    kept: KeptAnswers = request.app.state.kept
    return kept


def get_metrics(request: Request) -> "Metrics":
    """Find the figures of the application."""
    metrics: Metrics = request.app.state.metrics
    return metrics


def get_leave(request: Request) -> "Leave":
    """Find out whether the application is about to stop."""
    leave: Leave = request.app.state.leave
    return leave
