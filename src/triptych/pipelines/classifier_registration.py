"""What the registration of photo and review classifiers shares."""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from triptych.forecasting.storage import digest
from triptych.registry.model_types import KINDS, Classifier
from triptych.registry.models import ModelRegistry


def model_id(kind: str, model: Classifier) -> str:
    """The id of a model in the model registry: the digest of its files."""
    with TemporaryDirectory() as folder:
        KINDS[kind].save(model, Path(folder))
        return digest(Path(folder))


def label_items(
    registry: ModelRegistry,
    kind: str,
    name: str,
    selected: Classifier,
    items: pd.DataFrame,
    read_inputs: Callable[[], list[Any]],
) -> pd.DataFrame:
    """The predictions of the selected model and of the production version for the same items: rows
    of `image_predictions` or `text_predictions`.

    `items`: item, split, true_label, and the probability of each class by the selected model;
    `read_inputs` returns what a classifier takes for them.
    """
    new = model_id(kind, selected)
    tables = [_label(new, selected.classes, items, items[list(selected.classes)].to_numpy())]
    row = registry.in_production(name)
    if row is not None and row["model_id"] != new:
        model = registry.load(row)
        probabilities = model.probabilities(read_inputs())
        tables.append(_label(row["model_id"], model.classes, items, probabilities))
    return pd.concat(tables, ignore_index=True)


def _label(
    version: str, classes: Sequence[str], items: pd.DataFrame, probabilities: Any
) -> pd.DataFrame:
    table = items[["item", "split", "true_label"]].reset_index(drop=True)
    table.insert(0, "model_id", version)
    table["label"] = [classes[place] for place in probabilities.argmax(axis=1)]
    named = [
        {name: round(float(p), 6) for name, p in zip(classes, row, strict=True)}
        for row in probabilities
    ]
    return table.assign(probabilities=pd.Series(named))
