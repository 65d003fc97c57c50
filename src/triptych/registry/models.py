"""The model registry: versions in the table `models`, their files in MLflow."""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, insert, select

from triptych.errors import PipelineError
from triptych.forecasting.storage import EVALUATED
from triptych.registry import mlflow_sync, stages, tracking
from triptych.registry.model_types import KINDS
from triptych.registry.provenance import git_commit
from triptych.registry.stages import Approval, Row, version_title
from triptych.registry.tracking import Candidate
from triptych.store.engine import reading
from triptych.store.tables import model_transitions, models

logger = logging.getLogger(__name__)

_BY_THE_RUN = Approval("kedro run", "first version of its name; beats the baselines")


class ModelRegistry:
    """Registers fitted models in a migrated database and loads them; `project` is under git."""

    def __init__(self, engine: Engine, project: Path) -> None:
        self.engine = engine
        self._project = project

    def register(self, candidate: Candidate) -> str:
        """Log the model's files, add it as the next version of its name, and return its id.

        The same training gives the same model, which keeps its row. The first version of a name is
        promoted to production if the candidate allows it and beats the baselines.
        """
        import mlflow

        commit = git_commit(self._project)
        model_id, run_id, uri = tracking.log_candidate(candidate, commit)
        with self.engine.begin() as connection:
            stages.lock_name(connection, candidate.name)
            row = _find(connection, model_id)
            if row is not None:
                logger.info("%s is this very model", version_title(row))
            else:
                versions = stages.versions_of(connection, candidate.name)
                row = {
                    **candidate.row(),
                    "model_id": model_id,
                    "version": max((row["version"] for row in versions), default=0) + 1,
                    "mlflow_run_id": run_id,
                    "model_uri": uri,
                    "git_commit": commit,
                    "stage": "candidate",
                    "created_at": datetime.now(UTC),
                }
                connection.execute(insert(models).values(**row))
                logger.info("%s registered (%s)", version_title(row), model_id[:12])
            if candidate.promote_first:
                _promote_first(connection, candidate, row)
        try:
            mlflow_sync.sync_name(self.engine, row["name"])
        except mlflow_sync.SyncError as error:
            logger.warning("%s", error)
        with reading(self.engine) as connection:
            row = _find(connection, model_id) or row
        client = mlflow.MlflowClient()
        client.set_tag(run_id, tracking.REGISTERED_TAG, version_title(row))
        client.set_tag(run_id, tracking.STAGE_TAG, row["stage"])
        return model_id

    def list_models(self) -> list[Row]:
        """All rows of `models`, newest first."""
        newest_first = select(models).order_by(models.c.created_at.desc(), models.c.version.desc())
        with reading(self.engine) as connection:
            return [dict(row) for row in connection.execute(newest_first).mappings()]

    def find(self, name: str, version: int | None) -> Row:
        """Find one version by name and number, or by the start of its id, else PipelineError."""
        rows = self.list_models()
        found = [row for row in rows if row["name"] == name and version in (None, row["version"])]
        if not found and version is None:
            found = [row for row in rows if row["model_id"].startswith(name.lower())]
        if len(found) == 1:
            return found[0]
        asked = name if version is None else f"{name} version {version}"
        known = ", ".join(f"{row['name']} {row['version']}" for row in (found or rows)[:20])
        fault = "is more than one version" if found else "is no version"
        raise PipelineError(
            f"{asked!r} {fault} of a model. Name one by name and number, or by the start of its "
            f"id; there are: {known or 'none yet, train one with kedro run'}."
        )

    def in_production(self, name: str) -> Row | None:
        """Return the production version of a name; None if there is none."""
        with reading(self.engine) as connection:
            return stages.in_stage(stages.versions_of(connection, name), "production")

    def history(self, name: str) -> list[Row]:
        """Return the history of a name: `stages.transitions_of`."""
        with reading(self.engine) as connection:
            return stages.transitions_of(connection, name)

    def serving(
        self, locations: Sequence[str], as_of: datetime
    ) -> tuple[dict[str, Row], dict[str, str]]:
        """Return the versions that forecast locations, as `choose_versions` does."""
        change = model_transitions.c
        promoted = select(change.model_id, change.id).where(change.to_stage == "production")
        with reading(self.engine) as connection:
            order = {
                row.model_id: row.id for row in connection.execute(promoted.order_by(change.id))
            }
        return choose_versions(self.list_models(), order, locations, as_of)

    def load(self, row: Row, *, evaluated: bool = False) -> Any:
        """Return the model of a row of `models`: a PanelForecaster, or a Classifier.

        With `evaluated`, it is the forecaster fitted before the test period, instead of its refit.
        PipelineError if its files are missing or were changed.
        """
        folder = tracking.check_logged(row)
        before_refit = evaluated and row["evaluated_train_end"] is not None
        return KINDS[row["kind"]].load(folder / EVALUATED if before_refit else folder)

    def broken_files(self) -> list[str]:
        """Verify the files of every version; a message for each with missing or changed files."""
        found = []
        for row in self.list_models():
            try:
                tracking.check_logged(row)
            except PipelineError as error:
                found.append(f"{version_title(row)}: {error}")
        return found


def _find(connection: Connection, model_id: str) -> Row | None:
    row = connection.execute(select(models).where(models.c.model_id == model_id)).mappings().first()
    return None if row is None else dict(row)


def _promote_first(connection: Connection, candidate: Candidate, row: Row) -> None:
    if stages.transitions_of(connection, row["name"]) or row["version"] != 1:
        return  # a person decides, or has decided
    if candidate.beats_baselines:
        stages.promote(connection, row, "production", _BY_THE_RUN)
        logger.info("%s is in production: %s", version_title(row), _BY_THE_RUN.why)
    else:
        logger.warning(
            "%s stays a candidate: it does not beat %s. To use it all the same: "
            "kedro model promote %s %s --by NAME --reason WHY",
            *(version_title(row), KINDS[candidate.kind].baselines, row["name"], row["version"]),
        )


def choose_versions(
    rows: Sequence[Row], promoted: Mapping[str, int], locations: Sequence[str], as_of: datetime
) -> tuple[dict[str, Row], dict[str, str]]:
    """Take for each location the production version that knows it, the one promoted last.

    If that one has seen data at or after `as_of`, take its evaluated model, fitted before its test
    period, or the newest version that has not seen them, in any stage but archived.

    Args:
        rows: of `models`, newest first.
        promoted: by model id, a number that grows with each promotion to production.

    Returns:
        The version of each location that has one, with `evaluated`: whether to load the evaluated
        model instead of its refit; of each other location, what to do about it.
    """
    knowing = [(row, set(row["locations"])) for row in rows]
    found = {
        slug: _choose([row for row, known in knowing if slug in known], promoted, slug, as_of)
        for slug in locations
    }
    versions = {slug: choice for slug, choice in found.items() if isinstance(choice, dict)}
    reasons = {slug: choice for slug, choice in found.items() if isinstance(choice, str)}
    return versions, reasons


def _choose(
    knowing: Sequence[Row], promoted: Mapping[str, int], location: str, as_of: datetime
) -> Row | str:
    """The version, or why there is none."""
    usable = [row for row in knowing if row["stage"] != "archived"]
    production = [row for row in usable if row["stage"] == "production"]
    if knowing and not production:
        row = [*usable, *knowing][0]
        return (
            f"No version in production forecasts {location!r}. Promote one: kedro model promote "
            f"{row['name']} {row['version']} --by YOUR-NAME --reason WHY (`kedro model list` "
            "shows all)"
        )
    last = sorted(production, key=lambda row: promoted.get(row["model_id"], 0))[-1:]
    for row in [*last, *usable]:
        for end, evaluated in ((row["train_end"], False), (row["evaluated_train_end"], True)):
            if end is not None and end <= as_of:
                return {**row, "evaluated": evaluated}
    known = "no model was trained on it"
    if usable:
        earliest = min(row["evaluated_train_end"] or row["train_end"] for row in usable)
        known = f"its models were trained on data until {earliest:%Y-%m-%d} or later"
    return (
        f"No model can forecast {location!r} as of {as_of:%Y-%m-%d}: {known}. Train one on "
        f'what was known then: kedro run --params "as_of={as_of:%Y-%m-%d},location={location}" '
        "(with --env live for a real city)."
    )
