"""The register of model versions: the table `models`, and the files that MLflow keeps."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, insert, select

from triptych.errors import PipelineError
from triptych.registry import mlflow_sync
from triptych.registry.candidate import AnyCandidate
from triptych.registry.model_types import KINDS
from triptych.registry.provenance import git_commit
from triptych.registry.run_tags import tag_run
from triptych.registry.stages import Approval, lock_name, promote, transitions_of, versions_of
from triptych.registry.tracking import check_logged, load_logged, log_candidate
from triptych.registry.version_selection import choose_versions
from triptych.store.engine import reading
from triptych.store.tables import model_transitions, models

logger = logging.getLogger(__name__)

_BY_THE_RUN = Approval("kedro run", "first version of its name; beats the baselines")


class ModelRegistry:
    """Registers fitted models and gives them back.

    Args:
        engine: a migrated database.
        project: the folder whose commit names the code.
    """

    def __init__(self, engine: Engine, project: Path) -> None:
        self.engine = engine
        self._project = project

    def register(self, candidate: AnyCandidate) -> str:
        """Log the model's files, and give it the next version of its name.

        A model that is there already keeps its row: the same training makes the same model. The
        first version of a name goes to production if the candidate says so and did better than
        the baselines.

        Returns:
            The model's id.
        """
        commit = git_commit(self._project)
        model_id, run_id, uri = log_candidate(candidate, commit)
        with self.engine.begin() as connection:
            lock_name(connection, candidate.name)
            row = _find(connection, model_id)
            if row is None:
                row = _row(candidate, model_id, run_id, uri, commit)
                row["version"] = _next_version(connection, candidate.name)
                connection.execute(insert(models).values(**row))
                logger.info(
                    "%s version %s registered (%s)", row["name"], row["version"], model_id[:12]
                )
            else:
                logger.info("%s version %s is this very model", row["name"], row["version"])
            if candidate.promote_first:
                _promote_first(connection, candidate, row)
        try:
            mlflow_sync.sync_name(self.engine, row["name"])
        except mlflow_sync.SyncError as error:
            logger.warning("%s", error)
        with reading(self.engine) as connection:
            tag_run(run_id, _find(connection, model_id) or row)
        return model_id

    def list_models(self) -> list[dict[str, Any]]:
        """All rows of `models`, newest first."""
        newest_first = select(models).order_by(models.c.created_at.desc(), models.c.version.desc())
        with reading(self.engine) as connection:
            return [dict(row) for row in connection.execute(newest_first).mappings()]

    def history(self, name: str) -> list[dict[str, Any]]:
        """The changes of stage of a name: rows of `model_transitions` with `version`, in order."""
        with reading(self.engine) as connection:
            return transitions_of(connection, name)

    def serving(
        self, locations: Sequence[str], as_of: datetime
    ) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
        """For each location, the row of the version that forecasts it as of an instant.

        Returns:
            The rows by location; of each location without one, how to promote or train one.
        """
        promoted = select(model_transitions.c.model_id, model_transitions.c.id).where(
            model_transitions.c.to_stage == "production"
        )
        with reading(self.engine) as connection:
            by_id = promoted.order_by(model_transitions.c.id)
            order = {row.model_id: row.id for row in connection.execute(by_id)}
        return choose_versions(self.list_models(), order, locations, as_of)

    def load(self, row: dict[str, Any], *, evaluated: bool = False) -> Any:
        """Return the model of a row of `models`: a PanelForecaster, or a Classifier.

        Args:
            row: of `models`.
            evaluated: the forecaster fitted before the test period, instead of its refit.
        """
        return load_logged(row, evaluated and row["evaluated_train_end"] is not None)

    def broken_files(self) -> list[str]:
        """Read the files of every version; a message for each whose files are gone or changed."""
        found = []
        for row in self.list_models():
            try:
                check_logged(row)
            except PipelineError as error:
                found.append(f"{row['name']} version {row['version']}: {error}")
        return found


def _find(connection: Connection, model_id: str) -> dict[str, Any] | None:
    row = connection.execute(select(models).where(models.c.model_id == model_id)).mappings().first()
    return None if row is None else dict(row)


def _next_version(connection: Connection, name: str) -> int:
    return max((row["version"] for row in versions_of(connection, name)), default=0) + 1


def _promote_first(connection: Connection, candidate: AnyCandidate, row: dict[str, Any]) -> None:
    name, version = row["name"], row["version"]
    if transitions_of(connection, name) or version != 1:
        return  # a person decides, or has decided
    if candidate.beats_baselines:
        promote(connection, row, "production", _BY_THE_RUN)
        logger.info("%s version %s is in production: %s", name, version, _BY_THE_RUN.why)
    else:
        logger.warning(
            "%s version %s stays a candidate: it does not beat %s. To use it all the same: "
            "kedro model promote %s %s --by NAME --reason WHY",
            *(name, version, KINDS[candidate.kind].baselines, name, version),
        )


def _row(
    candidate: AnyCandidate, model_id: str, run_id: str, uri: str, commit: str
) -> dict[str, Any]:
    return {
        **candidate.row(),
        "model_id": model_id,
        "kind": candidate.kind,
        "name": candidate.name,
        "algorithm": candidate.algorithm,
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
