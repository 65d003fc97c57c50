"""Why a model says what it says of a review, word by word (LIME).

Ribeiro, Singh and Guestrin, "Why should I trust you?" (KDD 2016): the review with some of its words
left out, many times; a linear model near it tells what each word was worth.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from triptych.nlp.classifier import Scores
from triptych.nlp.document_models import CLASSES, ReviewModel

EXPLANATION_COLUMNS = (
    "model", "split", "item", "polarity", "positive", "rank", "word", "weight", "fit",
)  # fmt: skip
_WORDS = 8  # that are told of a review
_SPLIT = r"[^\w'\u2019-]+"  # what parts words; both apostrophes and hyphens are within


def explain_review(
    probabilities: Callable[[Sequence[str]], Scores], review: str, *, samples: int, seed: int
) -> tuple[list[tuple[str, float]], float]:
    """Tell which words of a review moved a model, for whatever model.

    Args:
        probabilities: of each class, a row a review.
        review: the raw text.
        samples: how many variants of it are asked for.
        seed: of the variants.

    Returns:
        Words with what they add to the probability of positive, heaviest first; and how well the
        linear model agrees with the model nearby (R²).
    """
    from lime.lime_text import LimeTextExplainer

    explainer = LimeTextExplainer(
        class_names=list(CLASSES), split_expression=_SPLIT, random_state=seed
    )
    told = explainer.explain_instance(
        review, lambda texts: probabilities(list(texts)), num_features=_WORDS, num_samples=samples
    )
    return [(str(word), float(weight)) for word, weight in told.as_list()], float(told.score)


def explain_mistakes(
    predictions: pd.DataFrame,
    texts: "pd.Series[str]",
    model: ReviewModel,
    *,
    count: int,
    samples: int,
    seed: int,
) -> pd.DataFrame:
    """Explain the mistakes of a model that it was surest of.

    Args:
        predictions: of that model, judging.PREDICTION_COLUMNS.
        texts: the raw review by item.
        count: mistakes.
        samples, seed: see `explain_review`.

    Returns:
        EXPLANATION_COLUMNS, a row a word; `weight` is positive where it speaks for positive.
    """
    wrong = predictions[predictions["label"] != predictions["polarity"]]
    sure = np.argsort(-(wrong["positive"] - 0.5).abs().round(9).to_numpy(), kind="stable")[:count]
    rows: list[tuple[Any, ...]] = []
    for row in wrong.iloc[sure].itertuples():
        words, fit = explain_review(
            model.probabilities, str(texts.loc[str(row.item)]), samples=samples, seed=seed
        )
        rows += [
            (model.name, row.split, row.item, row.polarity, row.positive, rank, *word, fit)
            for rank, word in enumerate(words, start=1)
        ]
    return pd.DataFrame(rows, columns=list(EXPLANATION_COLUMNS))
