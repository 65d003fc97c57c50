"""The kinds of models: where their files stand within an MLflow model, what reads them back, and
what they must beat.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np

TEMPERATURE = "temperature"


class Classifier(Protocol):
    """A fitted classifier of photos (named by their paths) or reviews (their texts)."""

    @property
    def classes(self) -> Sequence[str]:
        """The labels, in the order of the probabilities."""
        ...

    def probabilities(self, items: Sequence[Any]) -> np.ndarray:
        """Probabilities (items, classes); a row sums to 1."""
        ...


@dataclass(frozen=True)
class Kind:
    """What the registry knows of a kind of model.

    Attributes:
        artifact: the folder of the model's files among MLflow's artifacts of it.
        storage: the module whose `load_<artifact>` and `save_<artifact>` read and write it.
        baselines: what the first version has to beat, for people.
    """

    artifact: str
    storage: str
    baselines: str


# Modules by name: TensorFlow stands behind one of them, and a model of another kind needs none.
KINDS = {
    TEMPERATURE: Kind(
        "forecaster",
        "triptych.forecasting.storage",
        "same_hour_yesterday and climatology on its test period",
    ),
    "images": Kind(
        "classifier",
        "triptych.vision.storage",
        "its baseline on the evaluated split",
    ),
    "texts": Kind("classifier", "triptych.nlp.storage", "its baseline on the evaluated split"),
}


def load_files(kind: str, folder: Path) -> Any:
    """Read a model back: a PanelForecaster of `temperature`, else a Classifier."""
    found = KINDS[kind]
    return getattr(import_module(found.storage), f"load_{found.artifact}")(folder)


def save_files(kind: str, model: Any, folder: Path) -> None:
    """Write what `load_files` reads; the same model gives the same bytes."""
    found = KINDS[kind]
    getattr(import_module(found.storage), f"save_{found.artifact}")(model, folder)
