"""Metrics of predicted probabilities of several classes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from triptych.classification.matching import look_up
from triptych.classification.metrics import (
    accuracy_by,
    base_scores,
    calibration_error,
    reliability,
    score_each_model,
)
from triptych.vision.classifier import Probabilities


def predictions_table(
    model: str, photos: pd.DataFrame, probabilities: Probabilities, classes: Sequence[str]
) -> pd.DataFrame:
    """Table of the predictions of photos (item, split, label).

    Returns model, split, item, label (most probable), true_label, confidence (the probability of
    `label`), and the probability of each class.
    """
    table = photos[["split", "item"]].reset_index(drop=True)
    table.insert(0, "model", model)
    table["label"] = np.array(classes)[probabilities.argmax(axis=1)]
    table["true_label"] = photos["label"].to_numpy()
    table["confidence"] = probabilities.max(axis=1)
    return table.assign(**dict(zip(classes, probabilities.T, strict=True)))


def score_predictions(
    predictions: pd.DataFrame,
    classes: Sequence[str],
    groups: "pd.Series[Any]",
    *,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Score every model on every split of a predictions_table.

    The bootstrap behind the 95 % interval of accuracy resamples `groups` of near-duplicates (by
    item), because the photos of a group are not independent.

    Returns model, split, those of base_scores, brier (summed over classes), log_loss,
    calibration_error.
    """
    from sklearn.metrics import log_loss

    def score(rows: pd.DataFrame) -> pd.DataFrame:
        group = look_up(rows["item"], groups, "group of near-duplicates")
        scores = base_scores(rows, "true_label", classes, resamples, seed, group)
        probabilities = rows[list(classes)].to_numpy(dtype=np.float64)
        one_hot = (rows["true_label"].to_numpy()[:, None] == np.array(classes)).astype(np.float64)
        scores["brier"] = ((probabilities - one_hot) ** 2).sum(axis=1).mean()
        scores["log_loss"] = log_loss(one_hot, probabilities)
        scores["calibration_error"] = calibration_error(_reliability(rows))
        return pd.DataFrame([scores])

    return score_each_model(predictions, score)


def score_classes(predictions: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Scores per class: model, split, label, n (photos of that class), precision, recall, f1."""
    from sklearn.metrics import precision_recall_fscore_support

    def score(rows: pd.DataFrame) -> pd.DataFrame:
        precision, recall, f1, n = precision_recall_fscore_support(
            rows["true_label"], rows["label"], labels=list(classes), zero_division=0
        )
        return pd.DataFrame(
            {"label": list(classes), "n": n, "precision": precision, "recall": recall, "f1": f1}
        )

    return score_each_model(predictions, score)


def reliability_tables(predictions: pd.DataFrame) -> pd.DataFrame:
    """Accuracy by confidence: model, split and the columns of `reliability`."""
    return score_each_model(predictions, _reliability)


def accuracy_by_origin(predictions: pd.DataFrame, origins: "pd.Series[str]") -> pd.DataFrame:
    """Accuracy by the origin of the labels (by item): see `accuracy_by`."""
    origin = look_up(predictions["item"], origins, "origin of the label")
    return accuracy_by(predictions, origin.rename("origin"), "true_label")


def _reliability(rows: pd.DataFrame) -> pd.DataFrame:
    return reliability(rows["confidence"].to_numpy(), rows["label"] == rows["true_label"])
