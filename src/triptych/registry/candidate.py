"""A fitted model with everything that the registry records of it."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from triptych.forecasting.evaluation.metrics import ALL
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.storage import EVALUATED
from triptych.registry.model_types import KINDS

_COLUMNS = (
    "kind", "name", "algorithm", "as_of", "parameters", "features", "metrics", "data_sha256",
)  # fmt: skip
_LOGGED = {"rmse": "day_rmse"} | {
    name: name for name in ("skill_day", "skill_climatology", "coverage")
}
FORECASTER_REQUIREMENTS = ("lightgbm", "scikit-learn", "skops")
_SPELT_OUT = 3
_LONGEST = 64  # the column models.name


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
