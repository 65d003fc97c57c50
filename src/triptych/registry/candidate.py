"""A fitted model with all that a reader of the registry needs to know of it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from triptych.forecasting.evaluation.metrics import ALL
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.storage import EVALUATED, save_forecaster
from triptych.registry.model_types import TEMPERATURE, Classifier, save_files

_FOLDER = Path(__file__).parent
_SERVED_FORECASTER = _FOLDER / "pyfunc_forecaster.py"
SERVED_PHOTOS = _FOLDER / "pyfunc_photos.py"
SERVED_REVIEWS = _FOLDER / "pyfunc_reviews.py"
_FIGURES = {
    "rmse": "day_rmse",
    "skill_day": "skill_day",
    "skill_climatology": "skill_climatology",
    "coverage": "coverage",
}


@dataclass(frozen=True, kw_only=True)
class AnyCandidate(ABC):
    """A model of any kind that asks for a place in the registry.

    Attributes:
        kind: of triptych.registry.model_types.
        served: the code that MLflow runs to serve it.
        requirements: packages that it needs beside those that all need.
        name: what it is asked about; versions of one name succeed each other.
        algorithm: the model's own name.
        example: some input, as the model takes it.
        as_of: when it was trained, in the data's time.
        data_sha256: digest of the rows it was trained on.
        promote_first: put it in production if it is the first of its name and beats the baselines.
    """

    kind: str
    served: Path
    # Named, not guessed: to guess, MLflow starts a process that imports every framework it finds.
    requirements: tuple[str, ...]
    name: str
    algorithm: str
    example: pd.DataFrame
    as_of: datetime
    parameters: dict[str, Any]
    features: list[str]
    metrics: dict[str, Any]
    data_sha256: str
    promote_first: bool = False

    # What is passed to a served model beside its input, with the values unless given.
    serving_params: ClassVar[dict[str, Any]] = {}

    @property
    @abstractmethod
    def beats_baselines(self) -> bool:
        """Whether it did better than what it must beat to be put in production by itself."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write the model's files; the same training gives the same bytes."""

    @abstractmethod
    def row(self) -> dict[str, Any]:
        """The columns of `models` that the kinds fill differently."""

    @abstractmethod
    def served_frames(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Some input as MLflow's schema has it, and a row as the served model answers."""

    @abstractmethod
    def figures(self) -> dict[str, float]:
        """The metrics that MLflow shows of the model."""


@dataclass(frozen=True, kw_only=True)
class Candidate(AnyCandidate):
    """A forecaster; its metrics are day-ahead errors by location and `all`.

    Attributes:
        example: a few days of history.
        forecaster: the refit on all data known at `as_of`, which is served.
        evaluated: the same model fitted before the test period, whose errors the metrics are.
    """

    kind: str = TEMPERATURE
    served: Path = _SERVED_FORECASTER
    requirements: tuple[str, ...] = ("lightgbm", "scikit-learn", "skops")
    serving_params: ClassVar[dict[str, Any]] = {"steps": 8}

    forecaster: PanelForecaster
    evaluated: PanelForecaster
    locations: list[str]
    train_start: datetime
    train_end: datetime

    @property
    def beats_baselines(self) -> bool:
        """Whether it did better than both, day-ahead, over all locations of its test period."""
        scores = self.metrics.get(ALL, {})
        return all(scores.get(skill, 0) > 0 for skill in ("skill_day", "skill_climatology"))

    def save(self, folder: Path) -> None:
        """Write the files of the refit and, within, of the evaluated forecaster."""
        save_forecaster(self.forecaster, folder)
        save_forecaster(self.evaluated, folder / EVALUATED)

    def row(self) -> dict[str, Any]:
        """Its places and its period."""
        return {
            "locations": self.locations,
            "train_start": self.train_start,
            "train_end": self.train_end,
            "evaluated_train_end": self.evaluated.train_end.to_pydatetime(),
        }

    def served_frames(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """A history without a zone, and a forecast."""
        times = self.example["time"].dt.tz_convert("UTC").dt.tz_localize(None)
        example = self.example.assign(time=times)
        return example, example[["location", "time"]].assign(mean=0.0, lower=0.0, upper=0.0)

    def figures(self) -> dict[str, float]:
        """Its errors over all locations."""
        errors = self.metrics.get(ALL, {})
        return {shown: errors[name] for name, shown in _FIGURES.items() if name in errors}


@dataclass(frozen=True, kw_only=True)
class ClassifierCandidate(AnyCandidate):
    """A classifier of photos or reviews.

    Attributes:
        kind: `images` or `texts`.
        served: SERVED_PHOTOS or SERVED_REVIEWS.
        example: one column of items: paths of photos, or reviews.
        metrics: figures by split, of the splits alone on which versions are to be compared.
        beats_baseline: whether it did better than its baseline there.
    """

    classifier: Classifier
    beats_baseline: bool

    @property
    def beats_baselines(self) -> bool:
        """Whether it did better than its baseline on its evaluation split."""
        return self.beats_baseline

    def save(self, folder: Path) -> None:
        """Write the classifier's files."""
        save_files(self.kind, self.classifier, folder)

    def row(self) -> dict[str, Any]:
        """It has no place and no period."""
        return {"locations": []}

    def served_frames(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The items, and a label with the probability of each class."""
        classes = list(self.classifier.classes)
        return self.example, pd.DataFrame({"label": classes[:1], **dict.fromkeys(classes, 0.0)})

    def figures(self) -> dict[str, float]:
        """Its numbers by split."""
        return {
            f"{split}_{name}": float(value)
            for split, scores in self.metrics.items()
            for name, value in scores.items()
            if isinstance(value, int | float)
        }
