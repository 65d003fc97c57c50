"""What configuration may ask of the machine: the date, and where the project lies."""

import os
from datetime import UTC, datetime
from pathlib import Path

from kedro.utils import find_kedro_project


def project_path() -> str:
    """The project's root, from any folder below it: notebooks and make share one database."""
    return str(find_kedro_project(Path.cwd()) or Path.cwd())


def today() -> str:
    """The UTC date."""
    return datetime.now(UTC).date().isoformat()


def tracking_uri() -> str:
    """MLflow's store: a server if one is named, else a file whose path no folder can change."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{project_path()}/data/mlflow.db"


def artifact_location() -> str | None:
    """Where runs put their files: beside the local store; a server chooses for itself."""
    if os.environ.get("MLFLOW_TRACKING_URI"):
        return None
    return f"{project_path()}/data/mlartifacts"


RESOLVERS = {
    "project_path": project_path,
    "today": today,
    "tracking_uri": tracking_uri,
    "artifact_location": artifact_location,
}
