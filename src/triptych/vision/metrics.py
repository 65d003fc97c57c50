"""Metrics of predicted probabilities of several classes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from triptych.classification.matching import look_up
from triptych.classification.metrics import (
    bootstrap_interval,
    calibration_error,
    macro_f1,
    reliability,
    score_each_model,
    wilson,
)
from triptych.vision.classifier import Probabilities


def predictions_table(
    model: str, photos: pd.DataFrame, probabilities: Probabilities, classes: Sequence[str]
) -> pd.DataFrame:
    """Table of the predictions of photos (item, split, label).

    Returns:
        model, split, item, label (most probable), true_label, confidence (the probability of
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
    """Score every model on every split.

    Args:
        predictions: of predictions_table.
        classes: its columns of probabilities.
        groups: of near-duplicates, by item; the bootstrap resamples groups, because the photos of
            a group are not independent.
        resamples: of the bootstrap behind the 95 % interval of accuracy.
        seed: of the bootstrap, the same for all models.

    Returns:
        model, split, n, accuracy, accuracy_low, accuracy_high, macro_f1, brier (summed over the
        classes), log_loss, calibration_error; models in the order of the predictions.
    """
    from sklearn.metrics import log_loss

    def score(rows: pd.DataFrame) -> pd.DataFrame:
        y_true, label = rows["true_label"].to_numpy(), rows["label"].to_numpy()
        correct = (label == y_true).astype(np.float64)
        confidence = rows["confidence"].to_numpy(dtype=np.float64)
        probabilities = rows[list(classes)].to_numpy(dtype=np.float64)
        one_hot = (y_true[:, None] == np.array(classes)).astype(np.float64)
        group = look_up(rows["item"], groups, "group of near-duplicates")
        low, high = bootstrap_interval(correct, resamples, seed, group)
        scores = {
            "n": len(rows), "accuracy": correct.mean(), "accuracy_low": low, "accuracy_high": high,
            "macro_f1": macro_f1(y_true, label, classes),
            "brier": ((probabilities - one_hot) ** 2).sum(axis=1).mean(),
            "log_loss": log_loss(one_hot, probabilities),
            "calibration_error": calibration_error(reliability(confidence, correct)),
        }  # fmt: skip
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


def count_confusions(predictions: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """The cells of the confusion matrices: model, split, true_label, label, n."""
    from sklearn.metrics import confusion_matrix

    true_labels, labels = np.repeat(classes, len(classes)), np.tile(classes, len(classes))

    def count(rows: pd.DataFrame) -> pd.DataFrame:
        counts = confusion_matrix(rows["true_label"], rows["label"], labels=list(classes))
        return pd.DataFrame({"true_label": true_labels, "label": labels, "n": counts.ravel()})

    return score_each_model(predictions, count)


def reliability_tables(predictions: pd.DataFrame) -> pd.DataFrame:
    """Accuracy by confidence: model, split and the columns of `reliability`."""
    return score_each_model(
        predictions,
        lambda rows: reliability(
            rows["confidence"].to_numpy(), rows["label"] == rows["true_label"]
        ),
    )


def accuracy_by_origin(predictions: pd.DataFrame, origins: "pd.Series[str]") -> pd.DataFrame:
    """Accuracy by the origin of the labels (by item), with Wilson's 95 % interval.

    Returns:
        model, split, origin, n, accuracy, low, high.
    """
    correct = predictions["label"] == predictions["true_label"]
    origin = look_up(predictions["item"], origins, "origin of the label")
    groups = predictions.assign(correct=correct, origin=origin).groupby(
        ["model", "split", "origin"], sort=False
    )["correct"]
    table = groups.agg(n="size", accuracy="mean").reset_index()
    low, high = wilson(table["accuracy"].to_numpy(), table["n"].to_numpy())
    return table.assign(low=low, high=high)
