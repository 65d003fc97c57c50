"""Find a tracked run, retrain it and compare the results."""

import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from triptych.commands.project import open_tracking, read_configuration
from triptych.errors import PipelineError
from triptych.registry.provenance import frame_sha256
from triptych.registry.reproduction.diff import differing_rows, environment_diff
from triptych.registry.reproduction.report import Reproduction, summary
from triptych.registry.reproduction.retrain import recorded_result, retrain
from triptych.registry.run_manifest import SNAPSHOT_TAG, describe_environment, read_manifest
from triptych.registry.snapshots import FOLDER, RowsChanged, SnapshotError, SnapshotStore
from triptych.store.driver_errors import mask_passwords

if TYPE_CHECKING:
    from mlflow.entities import Run

REPRODUCED_TAG = "triptych.reproduced"
SECONDS_TAG = "triptych.reproduced_seconds"
_SHORTEST = 4  # characters of a run id


@dataclass(frozen=True)
class TrackedRuns:
    """The project's runs in MLflow, in the active tracking store."""

    uri: str
    experiment: str

    @staticmethod
    def of(project: Path, env: str | None) -> "TrackedRuns":
        """Open the tracking store of an environment."""
        configuration = read_configuration(project, env)
        experiment = configuration["mlflow"]["tracking"]["experiment"]["name"]
        return TrackedRuns(open_tracking(configuration), str(experiment))

    @property
    def shown_uri(self) -> str:
        """The store's URI without user and password."""
        return mask_passwords(self.uri)

    def all(self) -> "list[Run]":
        """All runs, also failed and unfinished ones, oldest first."""
        import mlflow

        if mlflow.get_experiment_by_name(self.experiment) is None:
            return []
        runs: list[Run] = mlflow.search_runs(
            experiment_names=[self.experiment],
            order_by=["attributes.start_time ASC"],
            output_format="list",
        )
        return runs

    def finished(self) -> "list[Run]":
        """The finished runs, oldest first."""
        return [run for run in self.all() if run.info.status == "FINISHED"]

    def training(self) -> "list[Run]":
        """The finished runs that trained, oldest first."""
        return [run for run in self.finished() if SNAPSHOT_TAG in run.data.tags]

    def find(self, run_id: str) -> "Run":
        """Return the finished run whose id starts with `run_id`.

        Raises:
            PipelineError: there is none, or there are several.
        """
        found = [run for run in self.finished() if run.info.run_id.startswith(run_id)]
        if len(found) == 1 and len(run_id) >= _SHORTEST:
            return found[0]
        trained = [run.info.run_id[:12] for run in self.training()][-5:]
        known = f"The latest that trained: {', '.join(trained) or 'none'}."
        what = "names several runs" if found else "is no finished run"
        raise PipelineError(
            f"{run_id!r} {what} of the experiment {self.experiment!r} in {self.shown_uri}. "
            f"{known} Give an id or the start of one, {_SHORTEST} characters or more; make mlflow "
            "shows all."
        )


def reproduce_and_record(project: Path, run: "Run") -> Reproduction:
    """Reproduce a run and tag it with the result; the latest one counts.

    Raises:
        PipelineError: as `reproduce`; that is recorded too.
    """
    start = time.monotonic()
    try:
        found = reproduce(project, run)
    except PipelineError as error:
        _record(run, start, str(error))
        raise
    _record(run, start, "" if found.equal else summary(found))
    return found


def _record(run: "Run", start: float, why_not: str) -> None:
    import mlflow

    tags = {
        REPRODUCED_TAG: "no" if why_not else "yes",
        "triptych.reproduced_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        SECONDS_TAG: f"{time.monotonic() - start:.1f}",
        "triptych.reproduced_why_not": why_not,
    }
    for name, text in tags.items():
        mlflow.MlflowClient().set_tag(run.info.run_id, name, text)


def reproduce(project: Path, run: "Run") -> Reproduction:
    """Retrain a run from its manifest and training rows, and compare; nothing is written.

    Raises:
        PipelineError: the run has no manifest, trained nothing, or its rows are missing or changed.
    """
    tags = run.data.tags
    if SNAPSHOT_TAG not in tags:
        raise PipelineError(
            f"Run {run.info.run_id} kept no training rows (tag {SNAPSHOT_TAG}): it trained "
            "nothing, or an earlier version made it. Name another, or train anew: kedro run."
        )
    manifest = read_manifest(run)
    configuration = read_configuration(project, manifest.env)
    catalog = configuration["catalog"]
    latest = project / catalog["history"]["filepath"]
    today = pd.read_parquet(latest) if latest.exists() else None
    history = _load_rows(SnapshotStore(project / FOLDER), tags[SNAPSHOT_TAG], today)
    with tempfile.TemporaryDirectory(prefix="triptych-retrain-") as scratch:
        retrained = retrain(manifest, history, catalog, Path(scratch))
    conf, parameters = configuration["parameters"], manifest.parameters
    where = parameters.get("location") or tags.get("triptych.locations") or "all locations"
    corrected = today is not None and set(history) == set(today) and differing_rows(history, today)
    changes = environment_diff(manifest, describe_environment(project), run.data.params, conf)
    if corrected:
        changes.append(f"data, by the latest history (the run's own rows were used): {corrected}")
    return Reproduction(
        run_id=run.info.run_id,
        title=f"as of {parameters['as_of']}, {where}, seed {parameters['seed']}",
        recorded=recorded_result(run),
        retrained=retrained,
        changes=changes,
    )


def _load_rows(store: SnapshotStore, sha256: str, today: pd.DataFrame | None) -> pd.DataFrame:
    """Load a snapshot; name changed rows if the latest history has the right ones."""
    try:
        return store.load(sha256)
    except RowsChanged as error:
        if today is None:
            raise
        chunk = error.chunk
        of_chunk = (today["location"] == chunk.location) & (today["time"].dt.year == chunk.year)
        same = today[of_chunk].reset_index(drop=True)
        if frame_sha256(same) != chunk.sha256:
            raise
        raise SnapshotError(f"{error} {differing_rows(same, error.rows)}.") from error
