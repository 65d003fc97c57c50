"""The model's files in MLflow: written with the run that trained it, read back when needed."""

import logging
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from triptych.errors import PipelineError
from triptych.forecasting.base import PanelForecaster
from triptych.forecasting.metrics import ALL
from triptych.forecasting.storage import digest, load_forecaster, save_forecaster
from triptych.registry.candidate import Candidate

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

logger = logging.getLogger(__name__)

ARTIFACT = "forecaster"
MODEL_TAG = "triptych.model_id"
CHOSEN_METRICS = "chosen/"  # day-ahead errors of the model that is registered, all locations
_METRICS = {
    "rmse": "day_rmse",
    "skill_day": "skill_day",
    "skill_climatology": "skill_climatology",
    "coverage": "coverage",
}
# Named, not guessed: to guess, MLflow starts a process that imports every framework it finds.
REQUIREMENTS = ("lightgbm", "mlflow", "numpy", "pandas", "scikit-learn", "skops", "triptych")
_CODE = Path(__file__).with_name("served_forecaster.py")


def log_candidate(candidate: Candidate, git_commit: str) -> tuple[str, str, str]:
    """Log the model in the run that is active, or in one of its own.

    Returns:
        The model's id (a digest of its files: the same training gives the same id), the id of
        the MLflow run, the model's URI.
    """
    import mlflow

    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / ARTIFACT
        save_forecaster(candidate.forecaster, files)
        model_id = digest(files)
        run = mlflow.active_run() or mlflow.start_run(run_name=candidate.name)
        mlflow.set_tags(
            {
                MODEL_TAG: model_id,
                "triptych.data_sha256": candidate.data_sha256,
                "triptych.git_commit": git_commit,
                "triptych.as_of": candidate.as_of.isoformat(),
                "triptych.algorithm": candidate.algorithm,
                "triptych.locations": ";".join(candidate.locations),
            }
        )
        example = _without_zone(candidate)
        logged = mlflow.pyfunc.log_model(
            name=candidate.name,
            python_model=str(_CODE),
            artifacts={ARTIFACT: str(files)},
            signature=_signature(candidate),
            input_example=(example, {"steps": 8}),
            pip_requirements=[f"{package}=={version(package)}" for package in REQUIREMENTS],
        )
        errors = candidate.metrics.get(ALL, {})
        shown = {
            f"{CHOSEN_METRICS}{shown}": errors[name]
            for name, shown in _METRICS.items()
            if name in errors
        }
        mlflow.log_metrics(shown, run_id=run.info.run_id, model_id=logged.model_id)
    return model_id, str(run.info.run_id), str(logged.model_uri)


def load_logged(model_id: str, model_uri: str) -> PanelForecaster:
    """Get a forecaster back, and check that its files are those that were registered.

    Raises:
        PipelineError: its files are gone or were changed.
    """
    import mlflow

    try:
        model = Path(mlflow.artifacts.download_artifacts(model_uri))
    except (mlflow.MlflowException, OSError) as error:
        raise PipelineError(
            f"The files of model {model_id[:12]} cannot be read from {model_uri}: {error}. "
            "Was data/mlflow.db or data/mlartifacts removed, or MLFLOW_TRACKING_URI changed? "
            "Bring them back, or remove data/triptych.db as well and train again: kedro run."
        ) from error
    folder = model / "artifacts" / ARTIFACT
    found = digest(folder)
    if found != model_id:
        raise PipelineError(
            f"The files of model {model_id[:12]} were changed after it was registered (their "
            f"digest is {found[:12]}). They are not used: restore them, or train again."
        )
    return load_forecaster(folder)


def _signature(candidate: Candidate) -> "ModelSignature":
    from mlflow.models import infer_signature

    example = _without_zone(candidate)
    output = example[["location", "time"]].assign(mean=0.0, lower=0.0, upper=0.0)
    return infer_signature(example, output, params={"steps": 8})


def _without_zone(candidate: Candidate) -> pd.DataFrame:
    times = candidate.example["time"].dt.tz_convert("UTC").dt.tz_localize(None)
    return candidate.example.assign(time=times)
