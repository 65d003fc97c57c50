"""Metrics of predicted probabilities of positive reviews, by model and split."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from triptych.classification.matching import look_up
from triptych.classification.metrics import (
    bootstrap_interval,
    calibration_error,
    macro_f1,
    reliability,
    wilson,
)

SCORE_COLUMNS = (
    "model", "split", "n", "accuracy", "accuracy_low", "accuracy_high", "macro_f1", "roc_auc",
    "brier", "log_loss", "calibration_error",
)  # fmt: skip
PREDICTION_COLUMNS = ("model", "split", "item", "label", "p_positive", "y_true")
THRESHOLD = 0.5


def score_predictions(predictions: pd.DataFrame, *, resamples: int, seed: int) -> pd.DataFrame:
    """Score every model on every split.

    Args:
        predictions: PREDICTION_COLUMNS; `label` is the predicted class, 0 or 1.
        resamples: of the reviews, for the 95 % bootstrap interval of accuracy.
        seed: of the resamples, which are the same for all models.

    Returns:
        SCORE_COLUMNS, in the order of the predictions.
    """
    from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

    rows = []
    for key, group in _by_model(predictions):
        y_true, p_positive = group["y_true"].to_numpy(), group["p_positive"].to_numpy()
        correct = (group["label"] == y_true).to_numpy().astype(np.float64)
        rows.append((
            *key, len(group), correct.mean(), *bootstrap_interval(correct, resamples, seed),
            macro_f1(y_true, group["label"].to_numpy(), (0, 1)), roc_auc_score(y_true, p_positive),
            brier_score_loss(y_true, p_positive), log_loss(y_true, p_positive),
            calibration_error(reliability(p_positive, y_true)),
        ))  # fmt: skip
    return pd.DataFrame(rows, columns=list(SCORE_COLUMNS))


def count_confusion(predictions: pd.DataFrame) -> pd.DataFrame:
    """Count the pairs of true and predicted class: model, split, y_true, label, n."""
    from sklearn.metrics import confusion_matrix

    rows: list[tuple[object, ...]] = []
    for key, group in _by_model(predictions):
        counts = confusion_matrix(group["y_true"], group["label"], labels=[0, 1])
        rows += [(*key, *cell, int(n)) for cell, n in np.ndenumerate(counts)]
    return pd.DataFrame(rows, columns=["model", "split", "y_true", "label", "n"])


def compare_calibration(predictions: pd.DataFrame) -> pd.DataFrame:
    """The reliability of each model by bin: model, split, low, n, predicted, observed."""
    tables = []
    for (model, split), group in _by_model(predictions):
        table = reliability(group["p_positive"].to_numpy(), group["y_true"])
        table.insert(0, "model", model)
        table.insert(1, "split", split)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def accuracy_by_length(
    predictions: pd.DataFrame, lengths: "pd.Series[int]", edges: Sequence[int]
) -> pd.DataFrame:
    """Accuracy by the number of words of the review.

    Args:
        predictions: PREDICTION_COLUMNS.
        lengths: words by item.
        edges: of the bins, ascending.

    Returns:
        model, split, words (`0-49`, …, `200+`), n, accuracy, low, high (Wilson, 95 %).
    """
    names = [f"{low}-{high - 1}" for low, high in zip([0, *edges[:-1]], edges, strict=True)]
    words = look_up(predictions["item"], lengths, "length of the review")
    bins = pd.cut(words, [0, *edges, np.inf], right=False, labels=[*names, f"{edges[-1]}+"])
    keys = ["model", "split", "words"]
    table = (
        predictions.assign(words=bins, correct=predictions["label"] == predictions["y_true"])
        .groupby(keys, observed=True)["correct"]
        .agg(n="size", accuracy="mean")
        .reset_index()
    )
    low, high = wilson(table["accuracy"].to_numpy(), table["n"].to_numpy())
    return table.assign(low=low, high=high)


def _by_model(predictions: pd.DataFrame) -> Iterator[tuple[tuple[str, str], pd.DataFrame]]:
    for (model, split), group in predictions.groupby(["model", "split"], sort=False):
        yield (str(model), str(split)), group
