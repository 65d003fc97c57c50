"""Rates of right answers with their intervals, and calibration: for any classifier."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

_LEVEL = 0.95

Numbers = npt.NDArray[np.float64]


def bootstrap_interval(
    values: Numbers, resamples: int, seed: int, groups: npt.ArrayLike | None = None
) -> tuple[float, float]:
    """The 95 % percentile interval of a mean over resampled rows, or groups of rows.

    Args:
        values: of the rows.
        resamples: how many.
        seed: the same seed, the same resamples.
        groups: of each row; rows of a group are not independent, and are drawn together (the
            cluster bootstrap: Davison and Hinkley, 1997, section 3.8). None: each row by itself.
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


def wilson(share: Numbers, n: npt.NDArray[np.int64]) -> tuple[Numbers, Numbers]:
    """Wilson's 95 % interval of a share (JASA 22, 1927)."""
    z = 1.959964
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return middle - half, middle + half


def macro_f1(truth: npt.ArrayLike, label: npt.ArrayLike, classes: Sequence[Any]) -> float:
    """The mean F1 of the classes; one that is neither there nor named counts 0."""
    true, said = np.asarray(truth), np.asarray(label)
    scores = []
    for one in classes:
        hits = float(((true == one) & (said == one)).sum())
        both = float((true == one).sum() + (said == one).sum())
        scores.append(2 * hits / both if both else 0.0)
    return float(np.mean(scores))


def reliability(chance: Numbers, truth: npt.ArrayLike, bins: int = 10) -> pd.DataFrame:
    """Predicted and observed share by bin of the prediction; empty bins left out.

    Args:
        chance: of each item, of the class 1; or, of many classes, of the one that was named.
        truth: whether the item is of class 1; or whether the class that was named is right.

    Returns:
        low (of the bin), n, predicted, observed.
    """
    place = np.minimum((chance * bins).astype(np.int64), bins - 1)
    frame = pd.DataFrame({"low": place / bins, "predicted": chance, "observed": np.asarray(truth)})
    groups = frame.groupby("low")
    table = groups.mean().assign(n=groups.size()).reset_index()
    return table[["low", "n", "predicted", "observed"]]


def calibration_error(table: pd.DataFrame) -> float:
    """The expected calibration error: how far predicted and observed are apart, by items.

    Args:
        table: of reliability.
    """
    gap = (table["predicted"] - table["observed"]).abs()
    return float((gap * table["n"]).sum() / table["n"].sum())
