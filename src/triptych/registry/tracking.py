"""The model's files in MLflow: written with the run that trained it, read back when needed."""

import math
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from triptych.errors import PipelineError
from triptych.forecasting.storage import EVALUATED, digest
from triptych.registry.candidate import AnyCandidate
from triptych.registry.model_types import KINDS, load_files

MODEL_TAG = "triptych.model_id"
LOCATIONS_TAG = "triptych.locations"
_LONGEST_TAG = 5000  # characters; MLflow refuses a tag beyond 8,000
CHOSEN_METRICS = "chosen/"  # figures of the model that is registered
# What every served model needs beside its own.
_REQUIREMENTS = ("mlflow", "numpy", "pandas", "triptych")


def log_candidate(candidate: AnyCandidate, git_commit: str) -> tuple[str, str, str]:
    """Log the model in the run that is active, or in one of its own.

    Returns:
        The model's id (a digest of its files: the same training gives the same id), the id of
        the MLflow run, the model's URI.
    """
    import mlflow
    from mlflow.models import infer_signature

    with tempfile.TemporaryDirectory() as folder:
        artifact = KINDS[candidate.kind].artifact
        files = Path(folder) / artifact
        candidate.save(files)
        model_id = digest(files)
        run = mlflow.active_run() or mlflow.start_run(run_name=candidate.name)
        mlflow.set_tags(
            {
                MODEL_TAG: model_id,
                "triptych.data_sha256": candidate.data_sha256,
                "triptych.git_commit": git_commit,
                "triptych.as_of": candidate.as_of.isoformat(),
                "triptych.algorithm": candidate.algorithm,
                LOCATIONS_TAG: locations_tag(candidate.row()["locations"]),
            }
        )
        example, answer = candidate.served_frames()
        params = candidate.serving_params
        logged = mlflow.pyfunc.log_model(
            name=candidate.name,
            python_model=str(candidate.served),
            artifacts={artifact: str(files)},
            signature=infer_signature(example, answer, params=params or None),
            input_example=(example, params) if params else example,
            pip_requirements=_pinned(candidate.requirements),
        )
        shown = {
            f"{CHOSEN_METRICS}{name}": value
            for name, value in candidate.figures().items()
            if math.isfinite(value)  # a skill against a reference without error is not defined
        }
        mlflow.log_metrics(shown, run_id=run.info.run_id, model_id=logged.model_id)
    return model_id, str(run.info.run_id), str(logged.model_uri)


def locations_tag(locations: Sequence[str]) -> str:
    """The slugs, or how many there are where MLflow would not take them all."""
    slugs = ";".join(locations)
    return slugs if len(slugs) <= _LONGEST_TAG else f"{len(locations):,} locations"


def load_logged(row: Mapping[str, Any], evaluated: bool = False) -> Any:
    """Get a model back, and check that its files are those that were registered.

    Args:
        row: of `models`.
        evaluated: the forecaster fitted before the test period.

    Returns:
        What its kind's `load_files` gives.

    Raises:
        PipelineError: its files are gone or were changed.
    """
    folder = _own_files(row, _fetch(row))
    return load_files(row["kind"], folder / EVALUATED if evaluated else folder)


def check_logged(row: Mapping[str, Any]) -> None:
    """Read every file of a model, without the framework that it needs.

    Raises:
        PipelineError: its files are gone or were changed.
    """
    import yaml
    from mlflow.models import Model

    folder = _fetch(row)
    _own_files(row, folder)
    try:
        Model.from_dict(yaml.safe_load((folder / "MLmodel").read_text(encoding="utf-8")))
    except Exception as error:  # of MLflow, of YAML, of what the file lacks
        raise PipelineError(_unreadable(row, error)) from error


def _fetch(row: Mapping[str, Any]) -> Path:
    """The folder of an MLflow model."""
    import mlflow

    try:
        return Path(mlflow.artifacts.download_artifacts(row["model_uri"]))
    except (mlflow.MlflowException, OSError) as error:
        raise PipelineError(_unreadable(row, error)) from error


def _own_files(row: Mapping[str, Any], model: Path) -> Path:
    """The folder of the files whose digest is the id of the model."""
    folder = model / "artifacts" / KINDS[row["kind"]].artifact
    found = digest(folder)
    if found != row["model_id"]:
        raise PipelineError(
            f"The files of model {row['model_id'][:12]} were changed after it was registered "
            f"(the digest of {folder} is {found[:12]}). They are not used: restore "
            "data/mlartifacts from a backup (docs/operations.md), or promote another version."
        )
    return folder


def _unreadable(row: Mapping[str, Any], error: Exception) -> str:
    return (
        f"The files of model {row['model_id'][:12]} cannot be read from {row['model_uri']}: "
        f"{error}. Restore data/mlflow.db and data/mlartifacts from a backup (docs/operations.md), "
        "set MLFLOW_TRACKING_URI to the store that the model was logged in, or promote another "
        "version."
    )


def _pinned(packages: tuple[str, ...]) -> list[str]:
    return [f"{package}=={version(package)}" for package in sorted({*packages, *_REQUIREMENTS})]
