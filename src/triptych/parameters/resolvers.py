"""Resolvers of the configuration: the date, and the paths of the project."""

import os
from datetime import UTC, datetime
from pathlib import Path

from kedro.utils import find_kedro_project

from triptych.store.engine import sqlite_url

ARTIFACT_SCHEME = "triptych-artifacts"  # of locations that hold no path (registry/artifacts.py)


def project_path() -> str:
    """The project's root, from any folder below it: notebooks and make share one database."""
    return str(find_kedro_project(Path.cwd()) or Path.cwd())


def today() -> str:
    """The UTC date."""
    return datetime.now(UTC).date().isoformat()


def database_url() -> str:
    """The project's own database of tables."""
    return sqlite_url(Path(project_path()) / "data" / "triptych.db")


def own_tracking_database() -> Path:
    """The project's own database of MLflow."""
    return Path(project_path()) / "data" / "mlflow.db"


def tracking_uri() -> str:
    """MLflow's store: a server if one is named, else a file whose path no folder can change."""
    url = sqlite_url(own_tracking_database())
    if "%" in url:  # MLflow makes the folder of a `sqlite:///` URL as it is written, quotes and all
        url = url.replace("sqlite:", "sqlite+pysqlite:", 1)
    return os.environ.get("MLFLOW_TRACKING_URI") or url


def artifact_location() -> str | None:
    """Where runs store their files: next to a database; a server chooses for itself."""
    of_database = tracking_uri().startswith(("sqlite", "postgresql", "mysql", "mssql"))
    return f"{ARTIFACT_SCHEME}:/" if of_database else None


_ALL = (today, database_url, tracking_uri, artifact_location)
RESOLVERS = {resolver.__name__: resolver for resolver in _ALL}
