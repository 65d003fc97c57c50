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

    def save(self, folder: Path) -> None:
        """Write what its kind's `load_classifier` reads; the same state gives the same bytes."""
        ...


@dataclass(frozen=True)
class Kind:
    """What the registry knows of a kind of model.

    Attributes:
        artifact: the folder of the model's files among MLflow's artifacts of it.
        storage: the module whose function `load` reads that folder.
        baselines: what the first version has to beat, for people.
    """

    artifact: str
    storage: str
    load: str
    baselines: str


# Modules by name: TensorFlow stands behind one of them, and a model of another kind needs none.
KINDS = {
    TEMPERATURE: Kind(
        "forecaster",
        "triptych.forecasting.storage",
        "load_forecaster",
        "same_hour_yesterday and climatology on its test period",
    ),
    "images": Kind(
        "classifier",
        "triptych.vision.storage",
        "load_classifier",
        "its baseline on the judged split",
    ),
    "texts": Kind(
        "classifier", "triptych.nlp.storage", "load_classifier", "its baseline on the judged split"
    ),
}


def load_files(kind: str, folder: Path) -> Any:
    """Read a model back: a PanelForecaster of `temperature`, else a Classifier."""
    found = KINDS[kind]
    return getattr(import_module(found.storage), found.load)(folder)
