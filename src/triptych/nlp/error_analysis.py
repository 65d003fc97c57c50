"""The mistakes a model was surest of, and the terms that carry its decisions."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from triptych.nlp.classifier import TextClassifier
from triptych.nlp.document_models import Blend, CalibratedClassifier, ReviewModel
from triptych.nlp.preprocessing import Document

MISTAKE_COLUMNS = (
    "model", "split", "item", "polarity", "positive", "words", "for_positive", "for_negative",
    "review",
)  # fmt: skip
TERM_COLUMNS = ("model", "member", "direction", "rank", "term", "weight", "documents")
_SHOWN_TERMS = 6


def confident_mistakes(
    predictions: pd.DataFrame, texts: "pd.Series[str]", model: ReviewModel, count: int
) -> pd.DataFrame:
    """List the wrong answers of each split that the model was surest of, with what moved it.

    A classical model is linear in what it counts, so what each term added to the log-odds is exact;
    of an LSTM no terms are named here (explanations.py has words).

    Args:
        predictions: of that model, judging.PREDICTION_COLUMNS.
        texts: the raw review by item.
        count: how many a split.

    Returns:
        MISTAKE_COLUMNS; `for_positive` and `for_negative` name the terms that spoke loudest.
    """
    wrong = predictions[predictions["label"] != predictions["polarity"]]
    sure = wrong.assign(sure=(wrong["positive"] - 0.5).abs().round(9))
    sure = sure.sort_values(["split", "sure", "item"], ascending=[True, False, True])
    rows = []
    for row in sure.groupby("split").head(count).itertuples():
        text = str(texts.loc[str(row.item)])
        (document,) = model.preparation.prepare([text])
        told = explain(model, document)
        rows.append((
            row.model, row.split, row.item, row.polarity, row.positive, len(text.split()),
            _loudest(told, 1), _loudest(told, -1), text,
        ))  # fmt: skip
    return pd.DataFrame(rows, columns=list(MISTAKE_COLUMNS))


def explain(model: ReviewModel, document: Document) -> dict[str, float]:
    """What each term of a document adds to the model's log-odds of class 1, before calibration."""
    told: dict[str, float] = {}
    members = linear_members(model)
    for classifier, slope in members.values():
        for term, value in classifier.contributions(document).items():
            told[term] = told.get(term, 0.0) + slope * value / len(members)
    return told


def top_features(model: ReviewModel, documents: list[Document], count: int) -> pd.DataFrame:
    """List the terms that move a model most over the training documents.

    A term's weight is what it adds to the log-odds where it occurs, on average, times the square
    root of the share of documents that have it: rare terms with wild weights stay below.

    Returns:
        TERM_COLUMNS, `count` terms a member and direction; `documents` have the term.
    """
    tables = []
    for name, (classifier, slope) in linear_members(model).items():
        table = _term_table(classifier, documents)
        table["weight"] *= slope
        table["moves"] = table["weight"].abs() * np.sqrt(table["documents"])
        for direction, sign in (("positive", 1), ("negative", -1)):
            of_sign = table[np.sign(table["weight"]) == sign]
            top = of_sign.round(9).sort_values(["moves", "term"], ascending=[False, True])[:count]
            rank = np.arange(1, len(top) + 1)
            tables.append(top.assign(model=model.name, member=name, direction=direction, rank=rank))
    joined: pd.DataFrame = pd.concat(tables, ignore_index=True)
    return joined[list(TERM_COLUMNS)]


def linear_members(model: ReviewModel) -> dict[str, tuple[TextClassifier, float]]:
    """The linear classifiers of a model and the slope of each's log-odds; of an LSTM none."""
    inner = model.model
    members = inner.members if isinstance(inner, Blend) else {model.name: inner}
    return {
        name: (member.classifier, member.calibration.slope)
        for name, member in members.items()
        if isinstance(member, CalibratedClassifier)
        and isinstance(member.classifier, TextClassifier)
    }


def _term_table(classifier: TextClassifier, documents: list[Document]) -> pd.DataFrame:
    mean, counts = classifier.mean_contributions(documents)
    names = classifier.terms()
    return pd.DataFrame({"term": names, "weight": mean, "documents": counts})


def _loudest(told: Mapping[str, float], sign: int) -> str:
    ranked = sorted(told, key=lambda term: (round(-sign * told[term], 9), term))
    return ", ".join(term.strip() for term in ranked[:_SHOWN_TERMS] if sign * told[term] > 0)
