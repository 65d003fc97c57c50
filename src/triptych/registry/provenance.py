"""Where a model comes from: its rows, its code, and the manifest of its run, stored in MLflow."""

import hashlib
import json
import os
import platform
import re
import subprocess
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from triptych.errors import PipelineError

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
    """The request and the environment of a run, of which `describe_environment` has the latter."""

    env: str | None  # of conf/; None is Kedro's default
    nodes: list[str]  # the names of the nodes that were run
    parameters: dict[str, Any]  # all, resolved, as JSON
    runtime_params: dict[str, Any]  # those of --params, which `parameters` contains too
    git_commit: str  # with `+changes` if files differed from it
    code: dict[str, str] = field(default_factory=dict)
    packages: dict[str, str] = field(default_factory=dict)
    machine: dict[str, str] = field(default_factory=dict)


def describe_environment(project: Path) -> dict[str, Any]:
    """Describe code, packages and machine as JSON.

    `code` has the digest of each Python file of this package, since a commit does not contain later
    changes; `machine` what else can change the last bits of a sum.
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
    """Read the manifest of a run; PipelineError if there is none that can be read."""
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


def frame_sha256(frame: pd.DataFrame) -> str:
    """Digest the rows of a frame: names, types, values and order, whatever file they came from.

    It is taken of the values themselves, so that no later pandas can change it.
    """
    digest = hashlib.sha256()
    for name in frame.columns:
        column = frame[name]
        digest.update(f"{name}:{column.dtype}:{len(column)}\n".encode())
        digest.update(_bytes(column))
    return digest.hexdigest()


def _bytes(column: pd.Series) -> bytes:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    if not isinstance(column.dtype, np.dtype) or column.dtype == object:
        return json.dumps([None if pd.isna(v) else str(v) for v in column]).encode()
    values = column.to_numpy()
    if np.issubdtype(values.dtype, np.floating):
        # one pattern of bits for whatever is missing
        values = np.where(np.isnan(values), np.nan, values)
    return values.astype(values.dtype.newbyteorder("<")).tobytes()


def git_commit(project: Path) -> str:
    """Name the commit of the code, with `+changes` if files differ from it.

    An image has no repository: there TRIPTYCH_VERSION says what it was built from.
    """
    try:
        commit = _git(project, "rev-parse", "HEAD")
        changed = _git(project, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return os.environ.get("TRIPTYCH_VERSION", "unknown")
    return f"{commit}+changes" if changed else commit


def _git(project: Path, *arguments: str) -> str:
    command = ["git", "-C", str(project), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
