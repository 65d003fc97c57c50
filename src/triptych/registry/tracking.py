"""A fitted model to be registered, and its files in MLflow."""

import hashlib
import math
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from triptych.errors import PipelineError
from triptych.forecasting.evaluation.metrics import ALL
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.storage import EVALUATED, digest
from triptych.registry.model_types import KINDS, TEMPERATURE

_COLUMNS = (
    "kind", "name", "algorithm", "as_of", "parameters", "features", "metrics", "data_sha256",
)  # fmt: skip
_LOGGED = {"rmse": "day_rmse"} | {
    name: name for name in ("skill_day", "skill_climatology", "coverage")
}
FORECASTER_REQUIREMENTS = ("lightgbm", "scikit-learn")
_SPELT_OUT = 3
_LONGEST = 64  # the column models.name
MODEL_TAG = "triptych.model_id"
LOCATIONS_TAG = "triptych.locations"
STAGE_TAG = "triptych.stage"
REGISTERED_TAG = "triptych.registered"
CHOSEN_METRICS = "chosen/"  # metrics of the model that is registered
_LONGEST_TAG = 5000  # characters; MLflow refuses a tag beyond 8,000
_REQUIREMENTS = ("mlflow", "numpy", "pandas", "triptych")  # of every served model


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A forecaster, or a classifier of photos or reviews, to be registered."""

    kind: str  # of triptych.registry.model_types
    name: str  # versions of one name succeed each other
    algorithm: str  # the model's own name
    model: Any  # a Classifier, or the forecaster refitted on all data known at `as_of`
    evaluated: PanelForecaster | None = None  # fitted before the test period; has `metrics`
    # Packages beside those of every model: MLflow would start a process that imports every
    # framework it finds.
    requirements: tuple[str, ...] = ()
    example: pd.DataFrame  # a few days of history, or one column of items
    as_of: datetime  # issue time of the training
    parameters: dict[str, Any]
    features: list[str]
    # day-ahead errors by location and `all`, or by each split on which versions are compared
    metrics: dict[str, Any]
    data_sha256: str  # digest of the rows it was trained on
    beats_baselines: bool  # better than the baselines of its kind
    promote_first: bool = False  # if it is the first of its name and beats the baselines

    def save(self, folder: Path) -> None:
        """Write the model's files; the same training gives the same bytes."""
        kind = KINDS[self.kind]
        kind.save(self.model, folder)
        if self.evaluated is not None:
            kind.save(self.evaluated, folder / EVALUATED)

    def row(self) -> dict[str, Any]:
        """Return the columns of `models` that are known before the registration."""
        row = {name: getattr(self, name) for name in _COLUMNS}
        if self.evaluated is None:
            return row | {"locations": []}
        return row | {
            "locations": list(self.model.locations),
            "train_start": self.model.train_start.to_pydatetime(),
            "train_end": self.model.train_end.to_pydatetime(),
            "evaluated_train_end": self.evaluated.train_end.to_pydatetime(),
        }

    def served_frames(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return an input and an output of the served model, for MLflow's signature."""
        if self.evaluated is None:
            classes = list(self.model.classes)
            return self.example, pd.DataFrame({"label": classes[:1], **dict.fromkeys(classes, 0.0)})
        times = self.example["time"].dt.tz_convert("UTC").dt.tz_localize(None)
        example = self.example.assign(time=times)
        return example, example[["location", "time"]].assign(mean=0.0, lower=0.0, upper=0.0)

    def logged_metrics(self) -> dict[str, float]:
        """Return the metrics of the registered model in MLflow."""
        if self.evaluated is not None:
            errors = self.metrics.get(ALL, {})
            return {shown: errors[name] for name, shown in _LOGGED.items() if name in errors}
        return {
            f"{split}_{name}": float(value)
            for split, scores in self.metrics.items()
            for name, value in scores.items()
            if isinstance(value, int | float)
        }


def beats_both_baselines(metrics: dict[str, Any]) -> bool:
    """Whether a forecaster beats both, day-ahead, over all locations of its test period."""
    scores = metrics.get(ALL, {})
    return all(scores.get(skill, 0) > 0 for skill in ("skill_day", "skill_climatology"))


def model_name(locations: Collection[str]) -> str:
    """Name a model after its locations: studies of other places do not replace each other.

    `temperature-brest-paris` for up to three; `temperature-12-locations-1f0a3c5d`, with a digest of
    the sorted slugs, for more or where the slugs are too long.
    """
    slugs = sorted(set(locations))
    spelt_out = "-".join(["temperature", *slugs])
    if len(slugs) <= _SPELT_OUT and len(spelt_out) <= _LONGEST:
        return spelt_out
    digest = hashlib.sha256("\n".join(slugs).encode()).hexdigest()
    return f"temperature-{len(slugs)}-locations-{digest[:8]}"


def log_candidate(candidate: Candidate, git_commit: str) -> tuple[str, str, str]:
    """Log the model in the active run or a new one; return its digest, the run's id and its URI."""
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
    """Verify a model's files without its framework; return their folder, else PipelineError."""
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
