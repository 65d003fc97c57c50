"""Find a run, retrain it and compare the results."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from triptych.commands.project import read_configuration
from triptych.errors import PipelineError
from triptych.registry.artifacts import prepare_artifacts
from triptych.registry.environment import describe_environment
from triptych.registry.provenance import frame_sha256
from triptych.registry.reproduction.data_diff import differing_rows
from triptych.registry.reproduction.environment_diff import environment_diff
from triptych.registry.reproduction.report import Reproduction
from triptych.registry.reproduction.result import recorded_result
from triptych.registry.reproduction.retrain import retrain
from triptych.registry.run_manifest import SNAPSHOT_TAG, read_manifest
from triptych.registry.snapshots import FOLDER, RowsChanged, SnapshotError, SnapshotStore
from triptych.store.driver_errors import mask_passwords

if TYPE_CHECKING:
    from mlflow.entities import Run

_SHORTEST = 4  # characters of a run id


@dataclass(frozen=True)
class Tracked:
    """The runs of the project in MLflow: the store, and the experiment that runs are in."""

    uri: str
    experiment: str

    @staticmethod
    def of(configuration: Mapping[str, Any]) -> "Tracked":
        """Read where they are from the configuration."""
        server = configuration["mlflow"]["server"]
        experiment = configuration["mlflow"]["tracking"]["experiment"]["name"]
        prepare_artifacts(str(server["mlflow_tracking_uri"]))
        return Tracked(str(server["mlflow_tracking_uri"]), str(experiment))

    @property
    def shown_uri(self) -> str:
        """The store's URI as it may be shown: without user and password."""
        return mask_passwords(self.uri)

    def finished(self) -> "list[Run]":
        """The runs that came to their end, oldest first."""
        return [run for run in self.every() if run.info.status == "FINISHED"]

    def every(self) -> "list[Run]":
        """All runs, those that failed or never ended too, oldest first."""
        import mlflow

        client = mlflow.MlflowClient(self.uri)
        experiment = client.get_experiment_by_name(self.experiment)
        found: list[Run] = []
        token: str | None = None
        while experiment is not None:
            page = client.search_runs(
                [experiment.experiment_id],
                order_by=["attributes.start_time ASC"],
                page_token=token,
            )
            found += page
            token = page.token
            if not token:
                break
        return found

    def training(self) -> "list[Run]":
        """The finished runs that trained, oldest first."""
        return [run for run in self.finished() if SNAPSHOT_TAG in run.data.tags]

    def find(self, run_id: str) -> "Run":
        """The run whose id starts so.

        Raises:
            PipelineError: none does, or several do.
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


def reproduce(project: Path, tracked: Tracked, run: "Run") -> Reproduction:
    """Retrain a run from its manifest and training rows, and compare; nothing is written anywhere.

    `status.reproduce_and_record` leaves what came of it on the run.

    Raises:
        PipelineError: it has no record, it trained nothing, or its rows are gone or were changed.
    """
    import mlflow

    client = mlflow.MlflowClient(tracked.uri)
    tags = run.data.tags
    if SNAPSHOT_TAG not in tags:
        raise PipelineError(
            f"Run {run.info.run_id} kept no training rows (tag {SNAPSHOT_TAG}): it trained "
            "nothing, or an earlier version made it. Name another, or train anew: kedro run."
        )
    record = read_manifest(client, run)
    configuration = read_configuration(project, record.env)
    today = _history_of_today(project, configuration["catalog"])
    history = _load_rows(SnapshotStore(project / FOLDER), tags[SNAPSHOT_TAG], today)
    with tempfile.TemporaryDirectory(prefix="triptych-retrain-") as scratch:
        retrained = retrain(record, history, configuration["catalog"], Path(scratch))
    conf = configuration["parameters"]
    return Reproduction(
        run_id=run.info.run_id,
        title=_title(record.parameters, tags),
        recorded=recorded_result(client, run),
        retrained=retrained,
        changes=[
            *environment_diff(record, describe_environment(project), run.data.params, conf),
            *_corrections(history, today),
        ],
    )


def _load_rows(store: SnapshotStore, sha256: str, today: pd.DataFrame) -> pd.DataFrame:
    """Load a snapshot; of one that was changed, say which rows if the latest run knows them."""
    try:
        return store.load(sha256)
    except RowsChanged as error:
        chunk = error.chunk
        same = today[
            (today["location"] == chunk.location) & (today["time"].dt.year == chunk.year)
        ].reset_index(drop=True)
        if frame_sha256(same) != chunk.sha256:
            raise
        raise SnapshotError(f"{error} {differing_rows(same, error.rows)}.") from error


def _history_of_today(project: Path, catalog: Mapping[str, Any]) -> pd.DataFrame:
    """The history that the latest run has made; empty if there is none."""
    path = project / catalog["history"]["filepath"]
    if path.exists():
        return pd.read_parquet(path)
    return pd.DataFrame({"location": [], "time": pd.DatetimeIndex([], tz="UTC")})


def _corrections(history: pd.DataFrame, today: pd.DataFrame) -> list[str]:
    found = differing_rows(history, today) if set(history) == set(today) else ""
    return [f"data, by the latest history (the run's own rows were used): {found}"] if found else []


def _title(parameters: Mapping[str, Any], tags: Mapping[str, str]) -> str:
    where = parameters.get("location") or tags.get("triptych.locations") or "all locations"
    return f"as of {parameters['as_of']}, {where}, seed {parameters['seed']}"
