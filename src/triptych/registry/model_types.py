"""The kinds of models: their code and files in MLflow, and the baselines that they must beat."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np

TEMPERATURE = "temperature"


class Classifier(Protocol):
    """A fitted classifier of photos (given by their paths) or reviews (their texts)."""

    @property
    def classes(self) -> Sequence[str]:
        """The labels, in the order of the probabilities."""

    def probabilities(self, items: Sequence[Any]) -> np.ndarray:
        """Probabilities (items, classes); a row sums to 1."""


@dataclass(frozen=True)
class Kind:
    """What the registry knows of a kind of model."""

    artifact: str  # the folder of the model's files among the artifacts of its MLflow model
    # The module whose `load_<artifact>` and `save_<artifact>` read and write the files; by name,
    # since one of them imports TensorFlow.
    storage: str
    baselines: str  # what the first version has to beat, in words

    def load(self, folder: Path) -> Any:
        """Load a model: a PanelForecaster of `temperature`, else a Classifier."""
        return getattr(import_module(self.storage), f"load_{self.artifact}")(folder)

    def save(self, model: Any, folder: Path) -> None:
        """Save a model; the same model gives the same bytes."""
        getattr(import_module(self.storage), f"save_{self.artifact}")(model, folder)


_SPLIT = "its baseline on the evaluated split"
KINDS = {
    TEMPERATURE: Kind(
        "forecaster",
        "triptych.forecasting.storage",
        "same_hour_yesterday and climatology on its test period",
    ),
    "images": Kind("classifier", "triptych.vision.storage", _SPLIT),
    "texts": Kind("classifier", "triptych.nlp.storage", _SPLIT),
}
