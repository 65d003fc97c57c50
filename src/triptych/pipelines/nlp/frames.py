"""The tables that the nodes of the study hand on, and what is in them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from triptych.nlp.nbsvm import Labels
from triptych.nlp.preprocessing import Document

TRAIN = "train"
CROSS_VALIDATION = "cross_validation"  # the training reviews, each judged by models without it
DOCUMENT_COLUMNS = ("item", "split", "polarity", *Document._fields)


def predictions_table(chances: Mapping[str, Any], documents: pd.DataFrame) -> pd.DataFrame:
    """Frame judging.PREDICTION_COLUMNS of the probabilities of each model."""
    tables = [
        pd.DataFrame(
            {
                "model": name,
                "split": documents["split"].to_numpy(),
                "item": documents["item"].to_numpy(),
                "label": (positive >= 0.5).astype(np.int64),  # noqa: PLR2004
                "positive": positive,
                "polarity": documents["polarity"].to_numpy(),
            }
        )
        for name, positive in chances.items()
    ]
    return pd.concat(tables, ignore_index=True)


def count_words(reviews: "pd.Series[str]") -> "pd.Series[int]":
    """The words of each raw review, stop words included: the only meaning of "words" in reports."""
    return reviews.str.count(r"\S+")


def documents_of(table: pd.DataFrame) -> list[Document]:
    """The prepared reviews of a table DOCUMENT_COLUMNS."""
    return [Document(*row) for row in table[list(Document._fields)].itertuples(index=False)]


def labels_of(table: pd.DataFrame) -> Labels:
    """The true labels of a table DOCUMENT_COLUMNS."""
    return table["polarity"].to_numpy(dtype=np.int64)
