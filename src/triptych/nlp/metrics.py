"""Metrics of predicted probabilities of positive reviews, by model and split."""

from collections.abc import Sequence

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

PREDICTION_COLUMNS = ("model", "split", "item", "label", "p_positive", "y_true")
THRESHOLD = 0.5


def score_predictions(predictions: pd.DataFrame, *, resamples: int, seed: int) -> pd.DataFrame:
    """Score every model on every split, with a 95 % bootstrap interval of accuracy.

    Returns model, split, those of base_scores, roc_auc, brier, log_loss, calibration_error.
    """
    from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

    def score(rows: pd.DataFrame) -> pd.DataFrame:
        y_true, p_positive = rows["y_true"].to_numpy(), rows["p_positive"].to_numpy()
        scores = base_scores(rows, "y_true", (0, 1), resamples, seed)
        scores["roc_auc"] = roc_auc_score(y_true, p_positive)
        scores["brier"] = brier_score_loss(y_true, p_positive)
        scores["log_loss"] = log_loss(y_true, p_positive)
        scores["calibration_error"] = calibration_error(reliability(p_positive, y_true))
        return pd.DataFrame([scores])

    return score_each_model(predictions, score)


def compare_calibration(predictions: pd.DataFrame) -> pd.DataFrame:
    """The reliability of each model by bin: model, split, low, n, predicted, observed."""
    return score_each_model(
        predictions, lambda rows: reliability(rows["p_positive"].to_numpy(), rows["y_true"])
    )


def accuracy_by_length(
    predictions: pd.DataFrame, lengths: "pd.Series[int]", edges: Sequence[int]
) -> pd.DataFrame:
    """Accuracy by the number of words of the review, in bins.

    Returns model, split, words (`0-49`, …, `200+`), n, accuracy, low, high (Wilson, 95 %).
    """
    names = [f"{low}-{high - 1}" for low, high in zip([0, *edges[:-1]], edges, strict=True)]
    words = look_up(predictions["item"], lengths, "length of the review")
    bins = pd.cut(words, [0, *edges, np.inf], right=False, labels=[*names, f"{edges[-1]}+"])
    table = accuracy_by(predictions, bins.rename("words"), "y_true")
    return table.sort_values(["model", "split", "words"], ignore_index=True)
