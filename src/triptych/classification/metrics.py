"""Accuracy with confidence intervals, and calibration of predicted probabilities."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

_LEVEL = 0.95

Numbers = npt.NDArray[np.float64]


def score_each_model(
    predictions: pd.DataFrame, score: Callable[[pd.DataFrame], pd.DataFrame]
) -> pd.DataFrame:
    """Score the predictions of each model and split (columns), in their order.

    Returns:
        model, split and the columns of `score`.
    """
    groups = predictions.groupby(["model", "split"], sort=False)
    tables = pd.concat({key: score(rows) for key, rows in groups}, names=["model", "split"])
    return tables.reset_index(["model", "split"]).reset_index(drop=True)


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
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=resamples)
    means = (counts @ sums) / (counts @ sizes)
    low, high = np.quantile(means, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return float(low), float(high)


def wilson(proportion: Numbers, n: npt.NDArray[np.int64]) -> tuple[Numbers, Numbers]:
    """Wilson's 95 % interval of a proportion of `n` items."""
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(proportion * n, n, alpha=1 - _LEVEL, method="wilson")
    return low, high


def macro_f1(y_true: npt.ArrayLike, y_pred: npt.ArrayLike, classes: Sequence[Any]) -> float:
    """The mean F1 of `classes`; a class that neither occurs nor is predicted counts 0."""
    from sklearn.metrics import f1_score

    return float(f1_score(y_true, y_pred, labels=list(classes), average="macro", zero_division=0))


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
