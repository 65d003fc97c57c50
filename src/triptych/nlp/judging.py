"""How good predicted probabilities are: rates with intervals, calibration, confusion, pairs."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

SCORE_COLUMNS = (
    "model", "split", "n", "accuracy", "accuracy_low", "accuracy_high", "macro_f1", "roc_auc",
    "brier", "log_loss", "calibration_error",
)  # fmt: skip
PREDICTION_COLUMNS = ("model", "split", "item", "label", "positive", "polarity")
_LEVEL = 0.95

Numbers = npt.NDArray[np.float64]


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
        gap = (table["predicted"] - table["observed"]).abs()
        of_truth = np.clip(np.where(truth == 1, chance, 1 - chance), 1e-12, 1)
        rows.append((
            model, split, len(group), right.mean(), low, high,
            macro_f1(truth, group["label"].to_numpy()), roc_auc(truth, chance),
            ((chance - truth) ** 2).mean(), -np.log(of_truth).mean(),
            float((gap * table["n"]).sum() / table["n"].sum()),
        ))  # fmt: skip
    return pd.DataFrame(rows, columns=list(SCORE_COLUMNS))


def bootstrap_interval(values: Numbers, resamples: int, seed: int) -> tuple[float, float]:
    """The 95 % percentile interval of a mean over resampled rows."""
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(len(values), np.full(len(values), 1 / len(values)), size=resamples)
    means = counts @ values / len(values)
    low, high = np.quantile(means, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return float(low), float(high)


def macro_f1(truth: npt.ArrayLike, label: npt.ArrayLike) -> float:
    """The mean of both classes' F1; a class that is neither there nor named counts 0."""
    true, said = np.asarray(truth), np.asarray(label)
    scores = []
    for one in (0, 1):
        hits = float(((true == one) & (said == one)).sum())
        both = float((true == one).sum() + (said == one).sum())
        scores.append(2 * hits / both if both else 0.0)
    return float(np.mean(scores))


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


def reliability(chance: Numbers, truth: npt.ArrayLike, bins: int = 10) -> pd.DataFrame:
    """Predicted and observed share of positives by bin of the prediction; empty bins left out.

    Returns:
        low (of the bin), n, predicted, observed.
    """
    place = np.minimum((chance * bins).astype(np.int64), bins - 1)
    frame = pd.DataFrame({"low": place / bins, "predicted": chance, "observed": np.asarray(truth)})
    groups = frame.groupby("low")
    table = groups.mean().assign(n=groups.size()).reset_index()
    return table[["low", "n", "predicted", "observed"]]


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
    words = predictions["item"].map(lengths)
    kinds = pd.cut(words, [0, *inner, np.inf], right=False, labels=names)
    right = (predictions["label"] == predictions["polarity"]).rename("right")
    groups = predictions.assign(words=kinds, right=right).groupby(
        ["model", "split", "words"], sort=False, observed=True
    )["right"]
    table = groups.agg(n="size", accuracy="mean").reset_index()
    low, high = wilson(table["accuracy"].to_numpy(), table["n"].to_numpy())
    table = table.assign(low=low, high=high)
    return table.sort_values(["model", "split", "words"], kind="stable", ignore_index=True)


def wilson(share: Numbers, n: npt.NDArray[np.int64]) -> tuple[Numbers, Numbers]:
    """Wilson's 95 % interval of a share (JASA 22, 1927)."""
    z = 1.959964
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return middle - half, middle + half
