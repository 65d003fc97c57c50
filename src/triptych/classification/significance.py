"""McNemar's test of two models on the same items."""

from collections.abc import Sequence

import pandas as pd

from triptych.classification.matching import require_complete

PAIR_COLUMNS = (
    "split", "model", "other", "n", "only_model", "only_other", "difference", "p_exact", "p_mid"
)  # fmt: skip


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
        predictions: model, split, item, label and the true label.
        ranking: models, the selected one first.
        true_column: the column of the true label.

    Returns:
        PAIR_COLUMNS by split and other model; `difference` is that of the accuracies.

    Raises:
        UnmatchedError: a model lacks predictions of some items.
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
