"""The model's files in MLflow: written with the run that trained it, read back when needed."""

import math
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from triptych.errors import PipelineError
from triptych.forecasting.storage import digest
from triptych.registry.candidate import Candidate
from triptych.registry.model_types import KINDS, TEMPERATURE

MODEL_TAG = "triptych.model_id"
LOCATIONS_TAG = "triptych.locations"
STAGE_TAG = "triptych.stage"
REGISTERED_TAG = "triptych.registered"
CHOSEN_METRICS = "chosen/"  # metrics of the model that is registered
_LONGEST_TAG = 5000  # characters; MLflow refuses a tag beyond 8,000
_REQUIREMENTS = ("mlflow", "numpy", "pandas", "triptych")  # of every served model


def log_candidate(candidate: Candidate, git_commit: str) -> tuple[str, str, str]:
    """Log the model in the active run, or in one of its own.

    Returns:
        The model's id (a digest of its files: the same training gives the same id), the id of
        the MLflow run, the model's URI.
    """
    import mlflow
    from mlflow.models import infer_signature

    kind = KINDS[candidate.kind]
    params = {"steps": 8} if candidate.kind == TEMPERATURE else {}  # of the served model
    requirements = sorted({*candidate.requirements, *_REQUIREMENTS})
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / kind.artifact
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
        logged = mlflow.pyfunc.log_model(
            name=candidate.name,
            python_model=str(Path(__file__).with_name("pyfunc_model.py")),
            model_config={"kind": candidate.kind},
            artifacts={kind.artifact: str(files)},
            signature=infer_signature(example, answer, params=params or None),
            input_example=(example, params) if params else example,
            pip_requirements=[f"{package}=={version(package)}" for package in requirements],
        )
        metrics = {
            f"{CHOSEN_METRICS}{name}": value
            for name, value in candidate.logged_metrics().items()
            if math.isfinite(value)  # a skill against a reference without error is not defined
        }
        mlflow.log_metrics(metrics, run_id=run.info.run_id, model_id=logged.model_id)
    return model_id, str(run.info.run_id), str(logged.model_uri)


def locations_tag(locations: Sequence[str]) -> str:
    """Return the slugs, or their number if MLflow would not take them all."""
    slugs = ";".join(locations)
    return slugs if len(slugs) <= _LONGEST_TAG else f"{len(locations):,} locations"


def check_logged(row: Mapping[str, Any]) -> Path:
    """Verify all files of a model, without importing its framework.

    Returns:
        The folder of the files whose digest is the model's id.

    Raises:
        PipelineError: its files are missing or were changed.
    """
    import mlflow
    import yaml

    title = f"The files of model {row['model_id'][:12]}"
    try:
        model = Path(mlflow.artifacts.download_artifacts(row["model_uri"]))
        mlflow.models.Model.from_dict(yaml.safe_load((model / "MLmodel").read_text("utf-8")))
    except Exception as error:  # raised by MLflow, YAML or an incomplete file
        raise PipelineError(
            f"{title} cannot be read from {row['model_uri']}: {error}. Restore data/mlflow.db and "
            "data/mlartifacts from a backup (docs/operations.md), set MLFLOW_TRACKING_URI to the "
            "store that the model was logged in, or promote another version."
        ) from error
    folder = model / "artifacts" / KINDS[row["kind"]].artifact
    found = digest(folder)
    if found != row["model_id"]:
        raise PipelineError(
            f"{title} were changed after it was registered (the digest of {folder} is "
            f"{found[:12]}). They are not used: restore data/mlartifacts from a backup "
            "(docs/operations.md), or promote another version."
        )
    return folder
