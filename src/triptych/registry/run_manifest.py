"""The run manifest: everything needed to retrain, stored as an artifact of the MLflow run."""

import hashlib
import platform
import re
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from triptych.errors import PipelineError
from triptych.registry.provenance import git_commit

if TYPE_CHECKING:
    from mlflow.entities import Run

ARTIFACT = "provenance.json"
SNAPSHOT_TAG = "triptych.snapshot"
DATA_TAG = "triptych.data_sha256"
FITTED_TAG = "triptych.fitted."  # and the name of a forecaster: digest of its files
_SOURCE_TAG = "mlflow.source.git.commit"  # MLflow shows it as the version of the source
_NUMERICAL = ("scipy", "joblib")  # not in pyproject.toml; its packages compute with them


@dataclass(frozen=True)
class RunManifest:
    """The request and the environment of a run.

    Attributes:
        env: the environment of conf/; None is Kedro's default.
        nodes: the names of the nodes that were run.
        parameters: all parameters, resolved, as JSON.
        runtime_params: those of --params, which `parameters` contains too.
        git_commit: with `+changes` if files differed from it.
        code, packages, machine: as `describe_environment` returns them.
    """

    env: str | None
    nodes: list[str]
    parameters: dict[str, Any]
    runtime_params: dict[str, Any]
    git_commit: str
    code: dict[str, str] = field(default_factory=dict)
    packages: dict[str, str] = field(default_factory=dict)
    machine: dict[str, str] = field(default_factory=dict)


def describe_environment(project: Path) -> dict[str, Any]:
    """Describe code, packages and machine as JSON.

    Returns:
        `git_commit`; `code`: digest of each Python file of this package, since a commit does not
        contain later changes; `packages`: version by name; `machine`: what else can change the last
        bits of a sum.
    """
    import scipy.linalg  # noqa: F401 (its BLAS is listed once it is loaded)
    from threadpoolctl import threadpool_info

    package = Path(__file__).parents[1]
    blas = {
        f"{info.get('internal_api')} {info.get('version')} for {info.get('architecture', 'any')}"
        for info in threadpool_info()
        if info.get("user_api") == "blas"
    }
    return {
        "git_commit": git_commit(project),
        "code": {
            path.relative_to(package).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:16]
            for path in sorted(package.rglob("*.py"))
        },
        "packages": _package_versions(),
        "machine": {
            "platform": platform.platform(),
            "processor": platform.machine(),
            "blas": ", ".join(sorted(blas)),
        },
    }


def _package_versions() -> dict[str, str]:
    """The versions of Python and of the installed packages of the extras of pipelines."""
    named = [
        re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0]
        for line in requires("triptych") or []
        if re.search(r"extra\s*==\s*['\"](pipelines|networks)['\"]", line)
    ]
    found = {"python": platform.python_version()}
    for name in sorted({*named, *_NUMERICAL}):
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def log_manifest(manifest: RunManifest) -> None:
    """Log the manifest and searchable tags to the active MLflow run."""
    import mlflow

    mlflow.log_dict(asdict(manifest), ARTIFACT)
    commit, _, changes = manifest.git_commit.partition("+")
    known = commit != "unknown"
    tags = {
        "triptych.git_commit": manifest.git_commit,
        "triptych.git_state": (changes or "clean") if known else "unknown",
        _SOURCE_TAG: commit if known else None,
        "triptych.env": manifest.env or "local",
        "triptych.seed": manifest.parameters.get("seed"),
        "triptych.packages": " ".join(f"{k}={v}" for k, v in manifest.packages.items()),
    }
    mlflow.set_tags({name: str(value) for name, value in tags.items() if value is not None})


def read_manifest(run: "Run") -> RunManifest:
    """Read the manifest of a run.

    Raises:
        PipelineError: there is none, or it cannot be read.
    """
    import mlflow

    run_id = run.info.run_id
    try:
        return RunManifest(**mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/{ARTIFACT}"))
    except (mlflow.MlflowException, OSError, ValueError, TypeError) as error:
        raise PipelineError(
            f"Run {run_id} has no record that can be read ({ARTIFACT} among its artifacts): "
            f"{error}. It was made by an earlier version, or its files are missing: restore "
            "data/mlartifacts from a backup (docs/operations.md), or name another run."
        ) from error
