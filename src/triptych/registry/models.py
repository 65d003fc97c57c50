"""The register of model versions: the table `models`, and the files that MLflow keeps."""

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select

from triptych.errors import PipelineError
from triptych.forecasting.base import PanelForecaster
from triptych.registry.candidate import Candidate
from triptych.registry.provenance import git_commit
from triptych.registry.tracking import load_logged, log_candidate
from triptych.store.engine import reading
from triptych.store.tables import models

logger = logging.getLogger(__name__)


class ModelRegistry:
    """Registers fitted models and gives them back.

    Args:
        engine: a migrated database.
        project: the folder whose commit names the code.
    """

    def __init__(self, engine: Engine, project: Path) -> None:
        self._engine = engine
        self._project = project

    def register(self, candidate: Candidate) -> str:
        """Log the model's files, and give it the next version of its name.

        A model that is there already keeps its row: the same training makes the same model.

        Returns:
            The model's id.
        """
        commit = git_commit(self._project)
        model_id, run_id, uri = log_candidate(candidate, commit)
        with self._engine.begin() as connection:
            known = connection.scalar(select(models.c.version).where(models.c.model_id == model_id))
            if known is None:
                row = _row(candidate, model_id, run_id, uri, commit)
                version = _next_version(connection, candidate.name)
                connection.execute(insert(models).values(**row, version=version))
                logger.info("%s version %s registered (%s)", candidate.name, version, model_id[:12])
            else:
                logger.info("%s version %s is this very model", candidate.name, known)
        return model_id

    def list_models(self) -> list[dict[str, Any]]:
        """All rows of `models`, newest first."""
        newest_first = select(models).order_by(models.c.created_at.desc(), models.c.version.desc())
        with reading(self._engine) as connection:
            return [dict(row) for row in connection.execute(newest_first).mappings()]

    def suitable(self, location: str, as_of: datetime) -> dict[str, Any]:
        """The newest model that knows the location and has seen nothing at or after `as_of`.

        Raises:
            PipelineError: there is none.
        """
        of_location = [row for row in self.list_models() if location in row["locations"]]
        for row in of_location:
            if row["train_end"] <= as_of:
                return row
        found = "no model was trained on it"
        if of_location:
            earliest = min(row["train_end"] for row in of_location)
            found = f"its models were trained on data until {earliest:%Y-%m-%d} or later"
        raise PipelineError(
            f"No model can forecast {location!r} as of {as_of:%Y-%m-%d}: {found}. Train one on "
            f'what was known then: kedro run --params "as_of={as_of:%Y-%m-%d},location={location}" '
            "(with --env live for a real city)."
        )

    def load(self, row: dict[str, Any]) -> PanelForecaster:
        """The fitted forecaster of a row of `models`."""
        return load_logged(row["model_id"], row["model_uri"])


def _next_version(connection: Connection, name: str) -> int:
    latest = select(func.max(models.c.version)).where(models.c.name == name)
    return int(connection.scalar(latest) or 0) + 1


def _row(candidate: Candidate, model_id: str, run_id: str, uri: str, commit: str) -> dict[str, Any]:
    return {
        "model_id": model_id,
        "name": candidate.name,
        "algorithm": candidate.algorithm,
        "locations": candidate.locations,
        "train_start": candidate.train_start,
        "train_end": candidate.train_end,
        "as_of": candidate.as_of,
        "parameters": candidate.parameters,
        "features": candidate.features,
        "metrics": candidate.metrics,
        "mlflow_run_id": run_id,
        "model_uri": uri,
        "data_sha256": candidate.data_sha256,
        "git_commit": commit,
        "stage": "candidate",
        "created_at": datetime.now(UTC),
    }
