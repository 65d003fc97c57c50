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
from triptych.registry.provenance import SNAPSHOT_TAG, describe_environment, read_manifest
from triptych.registry.reproduction.diff import differing_rows, environment_diff
from triptych.registry.reproduction.retrain import Result, recorded_result, retrain
from triptych.registry.snapshots import FOLDER, SnapshotStore
from triptych.store.errors import mask_passwords

if TYPE_CHECKING:
    from mlflow.entities import Run

REPRODUCED_TAG = "triptych.reproduced"
SECONDS_TAG = "triptych.reproduced_seconds"
_SHORTEST = 4  # characters of a run id
_SHOWN = 10  # metrics that differ


@dataclass(frozen=True)
class TrackedRuns:
    """The project's runs in MLflow, in the active tracking store."""

    uri: str  # without user and password
    experiment: str

    @staticmethod
    def of(project: Path, env: str | None) -> "TrackedRuns":
        """Open the tracking store of an environment."""
        configuration = read_configuration(project, env)
        experiment = configuration["mlflow"]["tracking"]["experiment"]["name"]
        return TrackedRuns(mask_passwords(open_tracking(configuration)), str(experiment))

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
        """Return the one finished run whose id starts with `run_id`, else PipelineError."""
        found = [run for run in self.finished() if run.info.run_id.startswith(run_id)]
        if len(found) == 1 and len(run_id) >= _SHORTEST:
            return found[0]
        trained = [run.info.run_id[:12] for run in self.training()][-5:]
        raise PipelineError(
            f"{run_id!r} {'names several runs' if found else 'is no finished run'} of the "
            f"experiment {self.experiment!r} in {self.uri}. The latest that trained: "
            f"{', '.join(trained) or 'none'}. Give an id or the start of one, {_SHORTEST} "
            "characters or more; make mlflow shows all."
        )


@dataclass(frozen=True)
class Reproduction:
    """The results of a run and of its retraining; `changes` since then, one line per subject."""

    run_id: str
    title: str
    recorded: Result
    retrained: Result
    changes: list[str]

    @property
    def equal(self) -> bool:
        """Whether every digest and every metric is the same, bit for bit."""
        return not (self.differing_digests or self.differing_metrics)

    @property
    def differing_digests(self) -> list[str]:
        """The models and rows with other contents."""
        now = self.retrained.digests
        return [name for name, sha in self.recorded.digests.items() if now.get(name) != sha]

    @property
    def differing_metrics(self) -> list[tuple[str, int]]:
        """The metrics and steps whose value differs, is missing or is new."""
        then, now = self.recorded.metrics, self.retrained.metrics
        return [key for key in dict.fromkeys([*then, *now]) if then.get(key) != now.get(key)]

    def summary(self) -> str:
        """Return one line."""
        if self.equal:
            return f"{self.run_id}  reproduced  {self.title}"
        metrics = self.differing_metrics
        differing = [*self.differing_digests, *([f"{len(metrics):,} metrics"] if metrics else [])]
        return f"{self.run_id}  DIFFERS     {self.title}: {', '.join(differing)}"

    def lines(self) -> list[str]:
        """Return what was compared, what differs, and what has changed since."""
        then, now, differing = self.recorded, self.retrained, self.differing_metrics
        table = [("", "recorded", "again", "")]
        for name, sha in then.digests.items():
            same = "DIFFERS" if name in self.differing_digests else "same"
            table.append((name, sha[:12], now.digests.get(name, "none")[:12], same))
        same = f"{len(differing):,} DIFFER" if differing else "same, every one"
        table.append(("values of metrics", f"{len(then.metrics):,}", f"{len(now.metrics):,}", same))
        more = len(differing) - _SHOWN
        return [
            f"Run {self.run_id} ({self.title}), retrained from its manifest",
            "",
            *(f"{name:26}{before:14}{after:14}{same}" for name, before, after, same in table),
            "",
            *(f"Changed since: {change}" for change in self.changes),
            *(
                f"{key[0]} at step {key[1]}: {then.metrics.get(key)!r} -> {now.metrics.get(key)!r}"
                for key in differing[:_SHOWN]
            ),
            *([f"… and {more:,} more"] if more > 0 else []),
            self._conclusion(),
        ]

    def _conclusion(self) -> str:
        if self.equal:
            return "Reproduced bit for bit."
        if self.changes:
            return "NOT reproduced. What has changed since is above."
        return (
            "NOT reproduced. Rows, parameters, code, packages and machine are those of the run: "
            "the training itself does not give the same twice here."
        )


def reproduce_and_record(project: Path, run: "Run") -> Reproduction:
    """Reproduce a run and tag it with the result, also with an error; the latest one counts."""
    import mlflow

    start, why_not = time.monotonic(), "It was interrupted."
    try:
        found = reproduce(project, run)
        why_not = "" if found.equal else found.summary()
    except Exception as error:
        why_not = str(error) or type(error).__name__
        raise
    finally:
        tags = {
            REPRODUCED_TAG: "no" if why_not else "yes",
            "triptych.reproduced_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            SECONDS_TAG: f"{time.monotonic() - start:.1f}",
            "triptych.reproduced_why_not": why_not,
        }
        for name, text in tags.items():
            mlflow.MlflowClient().set_tag(run.info.run_id, name, text)
    return found


def reproduce(project: Path, run: "Run") -> Reproduction:
    """Retrain a run from its manifest and training rows, and compare; nothing is written.

    PipelineError if the run has no manifest, trained nothing, or its rows are missing or changed.
    """
    tags = run.data.tags
    if SNAPSHOT_TAG not in tags:
        raise PipelineError(
            f"Run {run.info.run_id} kept no training rows (tag {SNAPSHOT_TAG}): it trained "
            "nothing, or an earlier version made it. Name another, or train anew: kedro run."
        )
    manifest = read_manifest(run)
    configuration = read_configuration(project, manifest.env)
    history = SnapshotStore(project / FOLDER).load(tags[SNAPSHOT_TAG])
    with tempfile.TemporaryDirectory(prefix="triptych-retrain-") as scratch:
        retrained = retrain(manifest, history, configuration["catalog"], Path(scratch))
    parameters = manifest.parameters
    where = parameters.get("location") or tags.get("triptych.locations") or "all locations"
    changes = environment_diff(
        manifest, describe_environment(project), run.data.params, configuration["parameters"]
    )
    latest = project / configuration["catalog"]["history"]["filepath"]
    corrected = differing_rows(history, pd.read_parquet(latest)) if latest.exists() else ""
    if corrected:
        changes.append(f"data, by the latest history (the run's own rows were used): {corrected}")
    return Reproduction(
        run_id=run.info.run_id,
        title=f"as of {parameters['as_of']}, {where}, seed {parameters['seed']}",
        recorded=recorded_result(run),
        retrained=retrained,
        changes=changes,
    )
