"""The run manifest: everything needed to retrain, stored as an artifact of the MLflow run."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from triptych.errors import PipelineError

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

ARTIFACT = "provenance.json"
SNAPSHOT_TAG = "triptych.snapshot"
DATA_TAG = "triptych.data_sha256"
COMMIT_TAG = "mlflow.source.git.commit"  # MLflow's pages show it as the version of the source
FITTED_TAG = "triptych.fitted."  # and the name of a forecaster: digest of its files


@dataclass(frozen=True)
class RunManifest:
    """The request and the environment of a run.

    Attributes:
        env: the environment of conf/; None is Kedro's own default.
        runtime_params: those of --params, among the parameters too.
        nodes: the names of the nodes that were run.
        parameters: the whole tree, resolved, as JSON.
        git_commit: `+changes` if files differed from it.
        code, packages, machine: as `describe_environment` gives them.
    """

    env: str | None
    nodes: list[str]
    parameters: dict[str, Any]
    runtime_params: dict[str, Any]
    git_commit: str
    code: dict[str, str] = field(default_factory=dict)
    packages: dict[str, str] = field(default_factory=dict)
    machine: dict[str, str] = field(default_factory=dict)


def log_manifest(record: RunManifest) -> None:
    """Log the manifest and searchable tags to the active MLflow run."""
    import mlflow

    mlflow.log_dict(asdict(record), ARTIFACT)
    tags = {
        "triptych.git_commit": record.git_commit,
        "triptych.git_state": _git_state(record.git_commit),
        COMMIT_TAG: None if record.git_commit == "unknown" else record.git_commit.split("+")[0],
        "triptych.env": record.env or "local",
        "triptych.seed": record.parameters.get("seed"),
        "triptych.packages": " ".join(f"{k}={v}" for k, v in record.packages.items()),
    }
    mlflow.set_tags({name: str(value) for name, value in tags.items() if value is not None})


def _git_state(commit: str) -> str:
    """Whether the commit alone gives the code of a run."""
    if commit == "unknown":
        return "unknown"
    return "changes" if commit.endswith("+changes") else "clean"


def read_manifest(client: "MlflowClient", run: "Run") -> RunManifest:
    """Read the manifest of a run.

    Raises:
        PipelineError: it has none that can be read.
    """
    import json
    import tempfile

    import mlflow

    run_id = run.info.run_id
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(client.download_artifacts(run_id, ARTIFACT, folder))
            return RunManifest(**json.loads(path.read_text(encoding="utf-8")))
    except (mlflow.MlflowException, OSError, ValueError, TypeError) as error:
        raise PipelineError(
            f"Run {run_id} has no record that can be read ({ARTIFACT} among its artifacts): "
            f"{error}. It was made by an earlier version, or its files are missing: restore "
            "data/mlartifacts from a backup (docs/operations.md), or name another run."
        ) from error
