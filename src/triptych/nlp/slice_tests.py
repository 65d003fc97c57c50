"""Why does a model err? Each hypothesis counted on all reviews, and tested."""

import re
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.classification.matching import look_up

HYPOTHESIS_COLUMNS = (
    "split", "hypothesis", "n_with", "wrong_with", "error_with", "n_without", "wrong_without",
    "error_without", "odds_ratio", "p_value", "p_holm", "finding",
)  # fmt: skip
_SIGNIFICANT = 0.05

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
_MARK = re.compile(r"(?<!\d)(\d{1,2}(?:[.,]\d)?)\s*/\s*(5|10|20)(?!\d)")
_MANY, _SHORT, _LONG = 3, 30, 150
_GOOD, _BAD = 0.7, 0.3

Flags = npt.NDArray[np.bool_]
Trait = Callable[[str, int], bool]


def contradicts(text: str, label: int) -> bool:
    """Tell whether the marks in a review (`4/5`, `2/20`) all say the other label."""
    shares = [float(mark.replace(",", ".")) / int(of) for mark, of in _MARK.findall(text)]
    if not shares:
        return False
    if label == 1:
        return all(share <= _BAD for share in shares)
    return all(_GOOD <= share <= 1 for share in shares)


TRAITS: Mapping[str, Trait] = {
    "several negations": lambda text, _: len(_NEGATION.findall(text)) >= _MANY,
    "mixed opinions (mais, malgré, …)": lambda text, _: bool(_CONTRAST.search(text)),
    "marks of irony (…, bravo, ;-))": lambda text, _: bool(_IRONY.search(text)),
    "quotation": lambda text, _: bool(_QUOTED.search(text)),
    "names or titles": lambda text, _: bool(_TITLE.search(text)),
    "comparison with other films": lambda text, _: bool(_COMPARED.search(text)),
    f"short (under {_SHORT} words)": lambda text, _: len(text.split()) < _SHORT,
    f"long ({_LONG} words and more)": lambda text, _: len(text.split()) >= _LONG,
    "suspect label (a mark says otherwise)": contradicts,
}


def judge_hypotheses(predictions: pd.DataFrame, texts: "pd.Series[str]") -> pd.DataFrame:
    """Count mistakes among the reviews with and without each trait, and test the difference.

    Args:
        predictions: of one model, judging.PREDICTION_COLUMNS.
        texts: the raw review by item.

    Returns:
        HYPOTHESIS_COLUMNS by split: Fisher's exact test, two-sided, with Holm's correction over the
        hypotheses of a split that can be tested; `finding` is `more mistakes`, `fewer mistakes` or
        `not shown`. If all reviews or none have the trait, or all or none are misclassified, the
        odds ratio and the p-values are NaN and `finding` is `not testable`.
    """
    tables = []
    for split, group in predictions.groupby("split", sort=False):
        wrong = (group["label"] != group["polarity"]).to_numpy()
        own = look_up(group["item"], texts, "review")
        pairs = list(zip(own, group["polarity"], strict=True))
        rows = [
            _count(str(split), name, np.array([trait(*pair) for pair in pairs]), wrong)
            for name, trait in TRAITS.items()
        ]
        table = pd.DataFrame(rows, columns=list(HYPOTHESIS_COLUMNS[:-2]))
        tables.append(_with_findings(table))
    return pd.concat(tables, ignore_index=True)


def holm(values: "pd.Series[float]") -> "pd.Series[float]":
    """Holm's correction of p-values; NaN stays NaN and does not count as a test."""
    from statsmodels.stats.multitest import multipletests

    tested = values.dropna()
    if tested.empty:
        return values
    corrected = multipletests(tested, method="holm")[1]
    return pd.Series(corrected, index=tested.index).reindex(values.index)


def _count(split: str, name: str, has: Flags, wrong: Flags) -> tuple[object, ...]:
    from scipy.stats import fisher_exact

    n_with, n_without = int(has.sum()), int((~has).sum())
    wrong_with, wrong_without = int((has & wrong).sum()), int((~has & wrong).sum())
    table = [[wrong_with, n_with - wrong_with], [wrong_without, n_without - wrong_without]]
    odds, chance = float("nan"), float("nan")
    if has.any() and not has.all() and wrong.any() and not wrong.all():
        chance = float(fisher_exact(table).pvalue)
        (a, b), (c, d) = np.array(table) + 0.5  # Haldane's correction, finite with an empty cell
        odds = float(a * d / (b * c))
    return (
        split, name, n_with, wrong_with, wrong_with / n_with if n_with else float("nan"),
        n_without, wrong_without, wrong_without / n_without if n_without else float("nan"),
        odds, chance,
    )  # fmt: skip


def _with_findings(table: pd.DataFrame) -> pd.DataFrame:
    corrected = holm(table["p_value"])
    finding = np.where(table["odds_ratio"] > 1, "more mistakes", "fewer mistakes")
    finding = np.where(corrected < _SIGNIFICANT, finding, "not shown")
    finding = np.where(corrected.isna(), "not testable", finding)
    return table.assign(p_holm=corrected, finding=finding)
