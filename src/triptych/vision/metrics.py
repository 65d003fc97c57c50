"""How good predicted probabilities of many classes are: rates, calibration, confusion."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.classification.matching import look_up
from triptych.classification.metrics import (
    bootstrap_interval,
    calibration_error,
    macro_f1,
    reliability,
    wilson,
)
from triptych.vision.classifier import Probabilities

SCORE_COLUMNS = (
    "model", "split", "n", "accuracy", "accuracy_low", "accuracy_high", "macro_f1", "brier",
    "log_loss", "calibration_error",
)  # fmt: skip
# Then a column a class: its probability.
PREDICTION_COLUMNS = ("model", "split", "item", "label", "true_label", "chance")
CLASS_COLUMNS = ("model", "split", "label", "n", "precision", "recall", "f1")


def predictions_table(
    model: str, photos: pd.DataFrame, chances: Probabilities, classes: Sequence[str]
) -> pd.DataFrame:
    """Frame the probabilities of photos (item, split, label): PREDICTION_COLUMNS and classes.

    `chance` is the probability of the class that is named, which is the most probable one.
    """
    table = pd.DataFrame(
        {
            "model": model,
            "split": photos["split"].to_numpy(),
            "item": photos["item"].to_numpy(),
            "label": np.array(classes)[chances.argmax(axis=1)],
            "true_label": photos["label"].to_numpy(),
            "chance": chances.max(axis=1),
        }
    )
    return table.assign(**dict(zip(classes, chances.T, strict=True)))


def score_predictions(
    predictions: pd.DataFrame,
    classes: Sequence[str],
    groups: "pd.Series[Any]",
    *,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Score every model on every split.

    Args:
        predictions: of predictions_table.
        classes: its columns of probabilities.
        groups: of near-duplicates, by item; the bootstrap draws groups, for the photos of one
            are right or wrong together.
        resamples: of the bootstrap behind the 95 % interval of accuracy.
        seed: all models meet the same resamples.

    Returns:
        SCORE_COLUMNS, in the order in which models come; `brier` is the sum over the classes.
    """
    rows = []
    for (model, split), group in predictions.groupby(["model", "split"], sort=False):
        truth, label = group["true_label"].to_numpy(), group["label"].to_numpy()
        right = (label == truth).astype(np.float64)
        chances = group[list(classes)].to_numpy(dtype=np.float64)
        exact = (truth[:, None] == np.array(classes)).astype(np.float64)
        table = reliability(group["chance"].to_numpy(), right)
        alike = look_up(group["item"], groups, "group of near-duplicates")
        interval = bootstrap_interval(right, resamples, seed, alike)
        rows.append((
            model, split, len(group), right.mean(), *interval,
            macro_f1(truth, label, classes), ((chances - exact) ** 2).sum(axis=1).mean(),
            -np.log(np.clip((chances * exact).sum(axis=1), 1e-12, 1)).mean(),
            calibration_error(table),
        ))  # fmt: skip
    return pd.DataFrame(rows, columns=list(SCORE_COLUMNS))


def score_classes(predictions: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Precision, recall and F1 of each class: CLASS_COLUMNS; `n` photos are truly of it."""
    from sklearn.metrics import precision_recall_fscore_support

    tables = []
    for (model, split), group in predictions.groupby(["model", "split"], sort=False):
        precision, recall, f1, n = precision_recall_fscore_support(
            group["true_label"], group["label"], labels=list(classes), zero_division=0
        )
        columns = (model, split, list(classes), n, precision, recall, f1)
        tables.append(pd.DataFrame(dict(zip(CLASS_COLUMNS, columns, strict=True))))
    return pd.concat(tables, ignore_index=True)


def count_confusions(predictions: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Count truths and labels: model, split, true_label, label, n; all cells of each."""
    from sklearn.metrics import confusion_matrix

    cells = pd.MultiIndex.from_product([classes, classes], names=["true_label", "label"])
    tables = []
    for (model, split), group in predictions.groupby(["model", "split"], sort=False):
        counts = confusion_matrix(group["true_label"], group["label"], labels=list(classes))
        named = {"model": str(model), "split": str(split)}
        tables.append(cells.to_frame(index=False).assign(n=counts.ravel(), **named))
    return pd.concat(tables, ignore_index=True)[["model", "split", "true_label", "label", "n"]]


def reliability_tables(predictions: pd.DataFrame) -> pd.DataFrame:
    """How often the named class is right, by its probability: model, split, low, n, …."""
    tables = []
    for (model, split), group in predictions.groupby(["model", "split"], sort=False):
        table = reliability(group["chance"].to_numpy(), group["label"] == group["true_label"])
        tables.append(table.assign(model=str(model), split=str(split)))
    joined: pd.DataFrame = pd.concat(tables, ignore_index=True)
    return joined[["model", "split", "low", "n", "predicted", "observed"]]


def accuracy_by_origin(predictions: pd.DataFrame, origins: "pd.Series[str]") -> pd.DataFrame:
    """Accuracy by who made the label: model, split, origin, n, accuracy, low, high (Wilson, 95 %).

    Args:
        predictions: of predictions_table.
        origins: of the labels, by item.
    """
    right = predictions["label"] == predictions["true_label"]
    origin = look_up(predictions["item"], origins, "origin of the label")
    named = predictions.assign(right=right, origin=origin)
    groups = named.groupby(["model", "split", "origin"], sort=False)["right"]
    table = groups.agg(n="size", accuracy="mean").reset_index()
    share: npt.NDArray[np.float64] = table["accuracy"].to_numpy()
    low, high = wilson(share, table["n"].to_numpy())
    return table.assign(low=low, high=high)
