"""How good predicted probabilities of a positive review are."""

from collections.abc import Sequence

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

SCORE_COLUMNS = (
    "model", "split", "n", "accuracy", "accuracy_low", "accuracy_high", "macro_f1", "roc_auc",
    "brier", "log_loss", "calibration_error",
)  # fmt: skip
PREDICTION_COLUMNS = ("model", "split", "item", "label", "positive", "polarity")


def score_predictions(predictions: pd.DataFrame, *, resamples: int, seed: int) -> pd.DataFrame:
    """Score every model on every split.

    Args:
        predictions: PREDICTION_COLUMNS; `positive` is the probability of class 1, `polarity` the
            true label.
        resamples: of the bootstrap over reviews behind the 95 % interval of accuracy.
        seed: all models meet the same resamples.

    Returns:
        SCORE_COLUMNS, in the order in which models come.
    """
    from sklearn.metrics import log_loss

    rows = []
    for (model, split), group in predictions.groupby(["model", "split"], sort=False):
        truth = group["polarity"].to_numpy()
        chance = group["positive"].to_numpy(dtype=np.float64)
        right = (group["label"].to_numpy() == truth).astype(np.float64)
        low, high = bootstrap_interval(right, resamples, seed)
        table = reliability(chance, truth)
        rows.append((
            model, split, len(group), right.mean(), low, high,
            macro_f1(truth, group["label"].to_numpy(), (0, 1)), roc_auc(truth, chance),
            ((chance - truth) ** 2).mean(), log_loss(truth, chance, labels=[0, 1]),
            calibration_error(table),
        ))  # fmt: skip
    return pd.DataFrame(rows, columns=list(SCORE_COLUMNS))


def roc_auc(y_true: npt.ArrayLike, p_positive: npt.ArrayLike) -> float:
    """The area under the ROC curve; NaN if there is only one class."""
    from sklearn.metrics import roc_auc_score

    if len(np.unique(np.asarray(y_true))) == 1:
        return float("nan")
    return float(roc_auc_score(y_true, p_positive))


def confusion(predictions: pd.DataFrame) -> pd.DataFrame:
    """Count true and predicted labels: model, split, polarity, label, n; all four cells of each."""
    from sklearn.metrics import confusion_matrix

    rows: list[tuple[object, ...]] = []
    for (model, split), group in predictions.groupby(["model", "split"], sort=False):
        counts = confusion_matrix(group["polarity"], group["label"], labels=[0, 1])
        rows += [(model, split, *cell, int(n)) for cell, n in np.ndenumerate(counts)]
    return pd.DataFrame(rows, columns=["model", "split", "polarity", "label", "n"])


def accuracy_by_length(
    predictions: pd.DataFrame, lengths: "pd.Series[int]", edges: Sequence[float]
) -> pd.DataFrame:
    """Accuracy by the length of the review in words.

    Args:
        predictions: PREDICTION_COLUMNS.
        lengths: words by item.
        edges: where a class of lengths ends and the next begins, rising.

    Returns:
        model, split, words (`0-49`, …, `200+`), n, accuracy, low, high (Wilson, 95 %).
    """
    inner = [int(edge) for edge in edges]
    names = [f"{low}-{high - 1}" for low, high in zip([0, *inner[:-1]], inner, strict=True)]
    names.append(f"{inner[-1]}+")
    words = look_up(predictions["item"], lengths, "length of the review")
    kinds = pd.cut(words, [0, *inner, np.inf], right=False, labels=names)
    right = (predictions["label"] == predictions["polarity"]).rename("right")
    groups = predictions.assign(words=kinds, right=right).groupby(
        ["model", "split", "words"], sort=False, observed=True
    )["right"]
    table = groups.agg(n="size", accuracy="mean").reset_index()
    low, high = wilson(table["accuracy"].to_numpy(), table["n"].to_numpy())
    table = table.assign(low=low, high=high)
    return table.sort_values(["model", "split", "words"], kind="stable", ignore_index=True)
