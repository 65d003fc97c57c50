"""Slice tests: are errors more frequent on reviews with a certain trait?"""

import re
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from triptych.classification.matching import look_up

SLICE_COLUMNS = (
    "split", "trait", "n_with", "errors_with", "error_rate_with", "n_without", "errors_without",
    "error_rate_without", "odds_ratio", "p_value", "p_holm", "finding",
)  # fmt: skip
_SIGNIFICANCE_LEVEL = 0.05

_NEGATION = re.compile(r"\b(?:pas|jamais|rien|aucune?|ni|sans|guère)\b", re.IGNORECASE)
_CONTRAST = re.compile(
    r"\b(?:mais|malgré|pourtant|cependant|toutefois|néanmoins|dommage|hormis|sinon)\b"
    r"|\b(?:en revanche|par contre|bien que|quand même)\b",
    re.IGNORECASE,
)
_IRONY = re.compile(r"\.{3}|…|\b(?:bravo|merci|bien sûr|ah oui|soi-disant)\b|[;:]-?[)pP]", re.I)
_QUOTED = re.compile(r"[\"«“][^\"»”]{2,80}[\"»”]")
_TITLE = re.compile(r"(?<=[a-zà-ÿ,] )[A-ZÀ-Ý][\w'\u2019-]+(?: [A-ZÀ-Ý][\w'\u2019-]+)+")
_COMPARED = re.compile(
    r"\b(?:comme|que dans|premier (?:film|volet)|par rapport|contrairement)\b", re.IGNORECASE
)
_RATING = re.compile(r"(?<!\d)(\d{1,2}(?:[.,]\d)?)\s*/\s*(5|10|20)(?!\d)")
_MANY, _SHORT, _LONG = 3, 30, 150
_GOOD, _BAD = 0.7, 0.3


def contradicts(text: str, label: int) -> bool:
    """Tell whether all ratings in a review (`4/5`, `2/20`) contradict its label."""
    shares = [float(rating.replace(",", ".")) / int(of) for rating, of in _RATING.findall(text)]
    low, high = (0, _BAD) if label == 1 else (_GOOD, 1)
    return bool(shares) and all(low <= share <= high for share in shares)


TRAITS: Mapping[str, Callable[[str, int], bool]] = {
    "several negations": lambda text, _: len(_NEGATION.findall(text)) >= _MANY,
    "mixed opinions (mais, malgré, …)": lambda text, _: bool(_CONTRAST.search(text)),
    "marks of irony (…, bravo, ;-))": lambda text, _: bool(_IRONY.search(text)),
    "quotation": lambda text, _: bool(_QUOTED.search(text)),
    "names or titles": lambda text, _: bool(_TITLE.search(text)),
    "comparison with other films": lambda text, _: bool(_COMPARED.search(text)),
    f"short (under {_SHORT} words)": lambda text, _: len(text.split()) < _SHORT,
    f"long ({_LONG} words and more)": lambda text, _: len(text.split()) >= _LONG,
    "suspect label (a rating contradicts it)": contradicts,
}


def run_slice_tests(predictions: pd.DataFrame, texts: "pd.Series[str]") -> pd.DataFrame:
    """Compare the error rates of one model on the raw `texts` (by item) with and without a trait.

    Returns SLICE_COLUMNS by split: Fisher's exact test, two-sided, with Holm's correction over the
    traits of a split; `finding` is `more errors`, `fewer errors` or `inconclusive`. If all reviews
    or none have the trait, or all or none are misclassified, the odds ratio and the p-values are
    NaN and `finding` is `not testable`.
    """
    tables = []
    for split, group in predictions.groupby("split", sort=False):
        pairs = list(zip(look_up(group["item"], texts, "review"), group["y_true"], strict=True))
        wrong = group["label"] != group["y_true"]
        rows = [
            (split, name, *_test(np.array([trait(*pair) for pair in pairs]), wrong.to_numpy()))
            for name, trait in TRAITS.items()
        ]
        table = pd.DataFrame(rows, columns=list(SLICE_COLUMNS[:-2]))
        p_holm = holm(table["p_value"])
        finding = np.select(
            [p_holm.isna(), p_holm >= _SIGNIFICANCE_LEVEL, table["odds_ratio"] > 1],
            ["not testable", "inconclusive", "more errors"], "fewer errors",
        )  # fmt: skip
        tables.append(table.assign(p_holm=p_holm, finding=finding))
    return pd.concat(tables, ignore_index=True)


def holm(values: "pd.Series[float]") -> "pd.Series[float]":
    """Holm's correction of p-values; NaN stays NaN and is not counted as a test."""
    from statsmodels.stats.multitest import multipletests

    tested = values.dropna()
    if tested.empty:
        return values
    corrected = multipletests(tested, method="holm")[1]
    return pd.Series(corrected, index=tested.index).reindex(values.index)


def _test(has: np.ndarray, wrong: np.ndarray) -> tuple[float, ...]:
    """The columns from `n_with` to `p_value`."""
    from scipy.stats import fisher_exact
    from statsmodels.stats.contingency_tables import Table2x2

    table = np.array([[np.sum(rows & wrong), np.sum(rows & ~wrong)] for rows in (has, ~has)])
    counts: list[float] = []
    for errors, correct in table.tolist():
        n = errors + correct
        counts += [n, errors, errors / n if n else float("nan")]
    if not (table.sum(axis=0).all() and table.sum(axis=1).all()):
        return (*counts, float("nan"), float("nan"))
    odds_ratio = Table2x2(table + 0.5).oddsratio  # Haldane's correction: finite with an empty cell
    return (*counts, float(odds_ratio), float(fisher_exact(table).pvalue))
