"""Artifact locations `triptych-artifacts:/…`, relative to the tracking database.

MLflow stores absolute paths otherwise, and a project could not be moved, copied and restored. It
finds this scheme through the entry point `mlflow.artifact_repository` (pyproject.toml).
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sqlalchemy import create_engine, inspect, make_url, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool

from triptych.errors import PipelineError
from triptych.parameters.resolvers import ARTIFACT_SCHEME, own_tracking_database, project_path

if TYPE_CHECKING:
    from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

_FOLDER = "mlartifacts"
_LOCATIONS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
# The second: MLflow gives its default experiment a folder of the working directory.
_ABSOLUTE_ROOTS = """
    SELECT DISTINCT artifact_location FROM experiments
    WHERE artifact_location LIKE '%/data/mlartifacts'
    OR artifact_location LIKE '%/mlruns/0' AND NOT EXISTS (
        SELECT 1 FROM runs WHERE runs.experiment_id = experiments.experiment_id
    )
"""
_REWRITE = """
    UPDATE {table} SET {column} = :scheme || '/' || substr({column}, length(:root) + 2)
    WHERE {column} = :root OR substr({column}, 1, length(:root) + 1) = :root || '/'
"""


def artifact_repository(
    artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None
) -> "LocalArtifactRepository":
    """Open the folder of a `triptych-artifacts:/…` location: the plugin that MLflow calls.

    It lies in `mlartifacts` beside the SQLite database, else in `data/` of the project.
    """
    import mlflow
    from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

    database = sqlite_file(tracking_uri or mlflow.get_tracking_uri())
    data = Path(project_path()) / "data" if database is None else database.parent
    root = Path(os.path.normpath(data / _FOLDER))
    folder = Path(os.path.normpath(root / urlsplit(artifact_uri).path.lstrip("/")))
    if not folder.is_relative_to(root):
        raise mlflow.MlflowException.invalid_parameter_value(
            f"The artifact location {artifact_uri!r} leads out of {root}."
        )
    return LocalArtifactRepository(folder.as_uri(), tracking_uri, registry_uri)


def prepare_artifacts(tracking_uri: str) -> None:
    """Rewrite absolute locations of earlier versions in the project's own tracking store."""
    database = sqlite_file(tracking_uri)
    if database != own_tracking_database() or not database.is_file():
        return
    scheme = f"{ARTIFACT_SCHEME}:"
    engine = create_engine(tracking_uri, poolclass=NullPool, connect_args={"timeout": 60})
    try:
        with engine.begin() as connection:
            if inspect(connection).has_table("logged_models"):
                for root in connection.scalars(text(_ABSOLUTE_ROOTS)).all():
                    for table, column in _LOCATIONS:
                        rewrite = text(_REWRITE.format(table=table, column=column))
                        connection.execute(rewrite, {"root": root, "scheme": scheme})
    except DatabaseError as error:
        raise PipelineError(
            f"MLflow's database {database} cannot be read: {error.orig}. Stop the process that "
            "holds it, or restore it from a backup (docs/operations.md)."
        ) from error


def sqlite_file(tracking_uri: str) -> Path | None:
    """The file of a SQLite tracking store; None for a server or another database."""
    if not tracking_uri.startswith("sqlite"):
        return None
    database = make_url(tracking_uri).database
    return Path(database).absolute() if database else None
