"""Metrics of predictions (model, split, item, label, …) and probabilities; McNemar's test."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.classification.matching import require_complete

_LEVEL = 0.95

Numbers = npt.NDArray[np.float64]
PAIR_COLUMNS = (
    "split", "model", "other", "n", "only_model", "only_other", "difference", "p_exact", "p_mid"
)  # fmt: skip


def score_each_model(
    predictions: pd.DataFrame, score: Callable[[pd.DataFrame], pd.DataFrame]
) -> pd.DataFrame:
    """Score each model and split, in their order: model, split and the columns of `score`."""
    groups = predictions.groupby(["model", "split"], sort=False)
    tables = pd.concat({key: score(rows) for key, rows in groups}, names=["model", "split"])
    return tables.reset_index(["model", "split"]).reset_index(drop=True)


def base_scores(
    rows: pd.DataFrame,
    true_column: str,
    classes: Sequence[Any],
    resamples: int,
    seed: int,
    groups: npt.ArrayLike | None = None,
) -> dict[str, Any]:
    """The scores of one model and split: n, accuracy with its 95 % interval, macro_f1.

    A class that neither occurs nor is predicted counts as F1 = 0. `resamples`, `seed` and `groups`
    are those of bootstrap_interval.
    """
    from sklearn.metrics import f1_score

    correct = np.asarray(rows["label"] == rows[true_column], np.float64)
    low, high = bootstrap_interval(correct, resamples, seed, groups)
    return {
        "n": len(rows), "accuracy": correct.mean(), "accuracy_low": low, "accuracy_high": high,
        "macro_f1": f1_score(
            rows[true_column], rows["label"], labels=list(classes), average="macro", zero_division=0
        ),
    }  # fmt: skip


def count_confusions(
    predictions: pd.DataFrame, true_column: str, classes: Sequence[Any]
) -> pd.DataFrame:
    """The cells of the confusion matrices: model, split, true class (`true_column`), label, n."""
    from sklearn.metrics import confusion_matrix

    true_classes, labels = np.repeat(classes, len(classes)), np.tile(classes, len(classes))

    def count(rows: pd.DataFrame) -> pd.DataFrame:
        counts = confusion_matrix(rows[true_column], rows["label"], labels=list(classes))
        return pd.DataFrame({true_column: true_classes, "label": labels, "n": counts.ravel()})

    return score_each_model(predictions, count)


def accuracy_by(
    predictions: pd.DataFrame, group: "pd.Series[Any]", true_column: str
) -> pd.DataFrame:
    """Accuracy by group: model, split, group, n, accuracy, low, high (Wilson's 95 % interval)."""
    correct = predictions["label"] == predictions[true_column]
    keys = [predictions["model"], predictions["split"], group]
    groups = correct.groupby(keys, sort=False, observed=True)
    return with_wilson(groups.agg(n="size", accuracy="mean").reset_index())


def bootstrap_interval(
    values: Numbers, resamples: int, seed: int, groups: npt.ArrayLike | None = None
) -> tuple[float, float]:
    """The 95 % percentile interval of a mean over resampled values.

    Args:
        groups: of the values; those of a group are not independent and are resampled together
            (cluster bootstrap: Davison and Hinkley, 1997, section 3.8). None: no groups.
    """
    place = np.arange(len(values))
    if groups is not None:
        _, place = np.unique(np.asarray(groups), return_inverse=True)
    sums, sizes = np.bincount(place, values), np.bincount(place)
    rng, share = np.random.default_rng(seed), np.full(len(sums), 1 / len(sums))
    draws = (rng.multinomial(len(sums), share) for _ in range(resamples))  # all at once: 500 MB
    means = [(counts @ sums) / (counts @ sizes) for counts in draws]
    low, high = np.quantile(means, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return float(low), float(high)


def with_wilson(table: pd.DataFrame) -> pd.DataFrame:
    """Add `low` and `high`, Wilson's 95 % interval of `accuracy` on `n` items."""
    from statsmodels.stats.proportion import proportion_confint

    correct, n = (table["accuracy"] * table["n"]).to_numpy(), table["n"].to_numpy()
    low, high = proportion_confint(correct, n, alpha=1 - _LEVEL, method="wilson")
    return table.assign(low=low, high=high)


# scikit-learn's calibration_curve has no item count per bin, which calibration_error needs.
def reliability(confidence: Numbers, y_true: npt.ArrayLike, bins: int = 10) -> pd.DataFrame:
    """Mean prediction and observed frequency by bin of the prediction, without empty bins.

    Args:
        confidence: the probability of class 1, or of the predicted one of several classes.
        y_true: whether the item is of class 1, or whether the predicted class is correct.

    Returns:
        low (of the bin), n, predicted, observed.
    """
    low = np.minimum((confidence * bins).astype(np.int64), bins - 1) / bins
    frame = pd.DataFrame({"low": low, "predicted": confidence, "observed": np.asarray(y_true)})
    groups = frame.groupby("low")
    table = groups.mean().assign(n=groups.size()).reset_index()
    return table[["low", "n", "predicted", "observed"]]


def calibration_error(table: pd.DataFrame) -> float:
    """The expected calibration error of a table from `reliability`."""
    gap = (table["predicted"] - table["observed"]).abs()
    return float((gap * table["n"]).sum() / table["n"].sum())


def balanced_log_loss(labels: npt.NDArray[np.int64], probabilities: Numbers) -> float:
    """The log loss of classes with the same weight; probabilities of class 1, or (n, classes)."""
    from sklearn.metrics import log_loss
    from sklearn.utils.class_weight import compute_sample_weight

    weights = compute_sample_weight("balanced", labels)
    classes = range(probabilities.shape[1] if probabilities.ndim > 1 else 2)
    return float(log_loss(labels, probabilities, labels=classes, sample_weight=weights))


def mcnemar(only_one: int, only_other: int) -> tuple[float, float]:
    """Two-sided exact and mid-p values of McNemar's test, for items that one model has correct.

    The mid-p value is that of Fagerland, Lydersen and Laake (BMC Medical Research Methodology 13,
    2013): the exact one less the probability of the observed table. It has more power.
    """
    from scipy.stats import binom
    from statsmodels.stats.contingency_tables import mcnemar as exact_test

    n = only_one + only_other
    if n == 0:
        return 1.0, 1.0
    exact = float(exact_test([[0, only_one], [only_other, 0]], exact=True).pvalue)
    return exact, exact - float(binom.pmf(min(only_one, only_other), n, 0.5))


def paired_tests(
    predictions: pd.DataFrame, ranking: Sequence[str], true_column: str
) -> pd.DataFrame:
    """Compare the first model of a ranking with each other one, on the same items.

    Args:
        predictions: model, split, item, label and the true label (`true_column`).

    Returns:
        PAIR_COLUMNS by split and other model; `difference` is that of the accuracies.
        UnmatchedError if a model lacks predictions of some items.
    """
    rows = []
    chosen, *others = ranking
    predictions = predictions.assign(correct=predictions["label"] == predictions[true_column])
    for split, of_split in predictions.groupby("split", sort=False):
        table = of_split.pivot(index="item", columns="model", values="correct")
        require_complete(table, f"predictions of the split {split}")
        for other in others:
            one = int((table[chosen] & ~table[other]).sum())
            two = int((~table[chosen] & table[other]).sum())
            n = len(table)
            rows.append((split, chosen, other, n, one, two, (one - two) / n, *mcnemar(one, two)))
    return pd.DataFrame(rows, columns=list(PAIR_COLUMNS))
