"""The tables that the nodes exchange."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from triptych.nlp.classifier import Labels, ReviewModel, Scores
from triptych.nlp.config import FAMILIES
from triptych.nlp.folds import Labelled
from triptych.nlp.metrics import PREDICTION_COLUMNS, THRESHOLD
from triptych.nlp.preprocessing import Document

TRAIN = "train"
CROSS_VALIDATION = "cross_validation"  # the split of out-of-fold predictions
DOCUMENT_COLUMNS = ("item", "split", "polarity", "group", *Document._fields)


def predictions_table(
    probabilities: Mapping[str, Scores], documents: pd.DataFrame, split: str | None = None
) -> pd.DataFrame:
    """Make the table PREDICTION_COLUMNS of the probabilities of class 1 by model.

    `split` replaces that of the documents.
    """
    items = documents[["split", "item"]].assign(y_true=documents["polarity"])
    if split is not None:
        items["split"] = split
    tables = [
        items.assign(model=name, p_positive=positive, label=(positive >= THRESHOLD).astype(int))
        for name, positive in probabilities.items()
    ]
    return pd.concat(tables, ignore_index=True)[list(PREDICTION_COLUMNS)]


def shown_models(ranking: Sequence[str]) -> list[str]:
    """The models to show side by side: the selected one, the best classical one, the best LSTM."""
    best = (next(name for name in ranking if name.startswith("lstm")),
            next(name for name in ranking if name in FAMILIES))  # fmt: skip
    return sorted({ranking[0], *best}, key=ranking.index)


def take(name: str, *groups: Mapping[str, ReviewModel]) -> ReviewModel:
    """Take a model from one of several groups; the others are not read."""
    return next(models[name] for models in groups if name in models)


def count_words(reviews: "pd.Series[str]") -> "pd.Series[int]":
    """The words of each raw review, stop words included, as in all reports."""
    return reviews.str.count(r"\S+")


def documents_of(table: pd.DataFrame) -> list[Document]:
    """The prepared reviews of a table DOCUMENT_COLUMNS."""
    return [Document(*row) for row in table[list(Document._fields)].itertuples(index=False)]


def labels_of(table: pd.DataFrame) -> Labels:
    """The true labels of a table DOCUMENT_COLUMNS."""
    return table["polarity"].to_numpy(dtype=np.int64)


def labelled(table: pd.DataFrame) -> Labelled:
    """Documents, labels and groups, which no split separates, of a table DOCUMENT_COLUMNS."""
    return documents_of(table), labels_of(table), table["group"].to_numpy(dtype=np.int64)
