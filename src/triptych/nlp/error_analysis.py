"""Error analysis: the most confident errors, the terms behind them, and LIME explanations."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from triptych.execution.progress import track
from triptych.nlp.classifier import CLASSES, Documents, ReviewModel, Scores, TextClassifier
from triptych.nlp.preprocessing import Document

ERROR_COLUMNS = (
    "model", "split", "item", "y_true", "p_positive", "words", "for_positive", "for_negative",
    "review",
)  # fmt: skip
TERM_COLUMNS = ("model", "member", "direction", "rank", "term", "weight", "documents")
EXPLANATION_COLUMNS = (
    "model", "split", "item", "y_true", "p_positive", "rank", "word", "weight", "fit",
)  # fmt: skip
_SHOWN_TERMS, _SHOWN_WORDS = 6, 8
_WORD_SEPARATORS = r"[^\w'\u2019-]+"  # apostrophes and hyphens belong to words


def confident_errors(
    predictions: pd.DataFrame, texts: "pd.Series[str]", model: ReviewModel, count: int
) -> pd.DataFrame:
    """List the most confident errors of a model on each split, with the raw `texts` by item.

    Returns ERROR_COLUMNS; `for_positive` and `for_negative` name the terms with the largest
    contributions, which classical models have.
    """
    rows = []
    for row in _most_confident_errors(predictions).groupby("split").head(count).itertuples():
        text = str(texts.loc[str(row.item)])
        (document,) = model.preparation.prepare([text])
        contributions = term_contributions(model, document)
        rows.append((
            row.model, row.split, row.item, row.y_true, row.p_positive, len(text.split()),
            _largest(contributions), _largest(-contributions), text,
        ))  # fmt: skip
    return pd.DataFrame(rows, columns=list(ERROR_COLUMNS))


def term_contributions(model: ReviewModel, document: Document) -> "pd.Series[float]":
    """The contribution of each term to the mean log-odds of the linear members of a model."""
    members = _linear_members(model)
    parts = [pd.Series(dtype=float)]
    for classifier, slope in members.values():
        row = classifier.contributions([document])
        parts.append(pd.Series(row.data * slope / len(members), classifier.terms()[row.indices]))
    total: pd.Series[float] = pd.concat(parts).groupby(level=0).sum()
    return total


def top_features(model: ReviewModel, documents: Documents, count: int) -> pd.DataFrame:
    """List the most influential terms of the linear members of a model.

    The weight of a term is its mean contribution to the log-odds in the documents that contain it.
    Influence is the weight times the root of their number, so that rare terms rank low.

    Returns TERM_COLUMNS, `count` terms per member and direction.
    """
    tables = []
    for member, (classifier, slope) in _linear_members(model).items():
        contributions = classifier.contributions(documents).tocsc()
        counts = np.diff(contributions.indptr)
        sums = np.asarray(contributions.sum(axis=0)).ravel()
        weight = slope * sums / np.maximum(counts, 1)
        table = pd.DataFrame({
            "model": model.name, "member": member, "term": classifier.terms(), "weight": weight,
            "direction": np.where(weight > 0, "positive", "negative"), "documents": counts,
            "influence": (np.abs(weight) * np.sqrt(counts)).round(9),
        })  # fmt: skip
        groups = (
            table[table["weight"] != 0]
            .sort_values(["direction", "influence", "term"], ascending=[False, False, True])
            .groupby("direction", sort=False)
        )
        tables.append(groups.head(count).assign(rank=groups.cumcount() + 1))
    joined: pd.DataFrame = pd.concat(tables, ignore_index=True)
    return joined.round({"weight": 9})[list(TERM_COLUMNS)]


def explain_review(
    probabilities: Callable[[Sequence[str]], Scores], review: str, *, samples: int, seed: int
) -> tuple[list[tuple[str, float]], float]:
    """Explain a prediction by the words of the raw review (LIME).

    Ribeiro, Singh and Guestrin, "Why should I trust you?" (KDD 2016).

    Args:
        probabilities: of raw reviews (reviews, classes).
        samples: perturbed copies of the review.

    Returns:
        Words and their weights in the probability of class 1, largest first; R² of the local model.
    """
    from lime.lime_text import LimeTextExplainer

    explainer = LimeTextExplainer(
        class_names=list(CLASSES), split_expression=_WORD_SEPARATORS, random_state=seed
    )
    explanation = explainer.explain_instance(
        review, lambda texts: probabilities(list(texts)), num_features=_SHOWN_WORDS,
        num_samples=samples,
    )  # fmt: skip
    weights = [(str(word), float(weight)) for word, weight in explanation.as_list()]
    return weights, float(explanation.score)


def explain_errors(
    predictions: pd.DataFrame,
    texts: "pd.Series[str]",
    model: ReviewModel,
    *,
    count: int,
    samples: int,
    seed: int,
) -> pd.DataFrame:
    """Explain the most confident errors of a model with the raw `texts` by item.

    Returns EXPLANATION_COLUMNS, a row per word; positive weights speak for class 1.
    """
    rows: list[tuple[object, ...]] = []
    errors = list(_most_confident_errors(predictions).head(count).itertuples())
    for row in track(errors, f"Explaining errors of {model.name}"):
        words, fit = explain_review(
            model.probabilities, str(texts.loc[str(row.item)]), samples=samples, seed=seed
        )
        rows += [
            (model.name, row.split, row.item, row.y_true, row.p_positive, rank, *word, fit)
            for rank, word in enumerate(words, start=1)
        ]
    return pd.DataFrame(rows, columns=list(EXPLANATION_COLUMNS))


def _most_confident_errors(predictions: pd.DataFrame) -> pd.DataFrame:
    """The errors by split, the most confident first."""
    errors = predictions[predictions["label"] != predictions["y_true"]]
    confidence = (errors["p_positive"] - 0.5).abs().round(9)
    return errors.assign(confidence=confidence).sort_values(
        ["split", "confidence", "item"], ascending=[True, False, True]
    )


def _linear_members(model: ReviewModel) -> dict[str, tuple[TextClassifier, float]]:
    """The linear classifiers of a model with the slope of their calibration; none of an LSTM."""
    return {
        name: (member.classifier, member.calibration.slope)
        for name, member in model.members.items()
        if isinstance(member.classifier, TextClassifier)
    }


def _largest(contributions: "pd.Series[float]") -> str:
    """The terms with the largest positive contributions."""
    ordered = contributions.round(9).sort_index().sort_values(ascending=False, kind="stable")
    return ", ".join(str(term).strip() for term in ordered[ordered > 0].index[:_SHOWN_TERMS])
