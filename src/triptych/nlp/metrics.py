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
    rows = []
    for (model, split), group in predictions.groupby(["model", "split"], sort=False):
        truth = group["polarity"].to_numpy()
        chance = group["positive"].to_numpy(dtype=np.float64)
        right = (group["label"].to_numpy() == truth).astype(np.float64)
        low, high = bootstrap_interval(right, resamples, seed)
        table = reliability(chance, truth)
        of_truth = np.clip(np.where(truth == 1, chance, 1 - chance), 1e-12, 1)
        rows.append((
            model, split, len(group), right.mean(), low, high,
            macro_f1(truth, group["label"].to_numpy(), (0, 1)), roc_auc(truth, chance),
            ((chance - truth) ** 2).mean(), -np.log(of_truth).mean(),
            calibration_error(table),
        ))  # fmt: skip
    return pd.DataFrame(rows, columns=list(SCORE_COLUMNS))


def roc_auc(truth: npt.ArrayLike, chance: npt.ArrayLike) -> float:
    """The chance that a positive review is ranked before a negative one; ties count half."""
    true = np.asarray(truth)
    ranks = pd.Series(np.asarray(chance)).rank().to_numpy()
    positives = int((true == 1).sum())
    negatives = len(true) - positives
    if not positives or not negatives:
        return float("nan")
    above = ranks[true == 1].sum() - positives * (positives + 1) / 2
    return float(above / (positives * negatives))


def confusion(predictions: pd.DataFrame) -> pd.DataFrame:
    """Count truths and labels: model, split, polarity, label, n; all four cells of each."""
    index = pd.MultiIndex.from_product([(0, 1), (0, 1)], names=["polarity", "label"])
    tables = []
    for (model, split), group in predictions.groupby(["model", "split"], sort=False):
        named = {"model": str(model), "split": str(split)}
        counts = group.groupby(["polarity", "label"]).size().reindex(index, fill_value=0)
        tables.append(counts.rename("n").reset_index().assign(**named))
    return pd.concat(tables, ignore_index=True)[["model", "split", "polarity", "label", "n"]]


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
