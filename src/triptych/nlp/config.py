"""The classical classifiers by name: what each counts and learns, and what its search may try."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from triptych.nlp.errors import UnknownChoiceError


@dataclass(frozen=True)
class ModelSettings:
    """One classifier, completely named.

    Attributes:
        classifier: `logistic`, `svm` (linear) or `naive_bayes` (multinomial).
        C: inverse regularisation of `logistic` and `svm`.
        alpha: added count of `naive_bayes`.
        analyzer, weighting, ngram_max, min_df: see features.make_features.
        nb_alpha: the added count of NB weights on the features (nb_weights.py); None: no weights.
    """

    classifier: str
    C: float = 1.0
    alpha: float = 1.0
    analyzer: str = "words"
    weighting: str = "tfidf"
    ngram_max: int = 2
    min_df: int = 1
    nb_alpha: float | None = None

    @property
    def features(self) -> tuple[str, str, int, int]:
        """What make_features needs: models that share it share a matrix."""
        return self.analyzer, self.weighting, self.ngram_max, self.min_df


Grid = Mapping[str, tuple[Any, ...]]
_LOGISTIC: Grid = {"C": (3.0, 10.0, 30.0), "ngram_max": (2, 3), "min_df": (1, 2)}
_MARGIN: Grid = {"C": (0.3, 1.0, 3.0), "ngram_max": (2, 3), "min_df": (1, 2)}
_WEIGHTED: Grid = {
    "C": (0.1, 0.3, 1.0), "min_df": (1, 2), "nb_alpha": (0.03, 0.1, 0.3),
}  # fmt: skip

# The first setting of a family is always tried; a budget takes as many of the others as it allows.
# A grid never contradicts the name of its family: `bow_` counts, `tfidf_` weighs by TF-IDF.
FAMILIES: dict[str, tuple[ModelSettings, Grid]] = {
    "bow_naive_bayes": (
        ModelSettings("naive_bayes", analyzer="stems", weighting="binary"),
        {"alpha": (0.3, 1.0), "ngram_max": (2, 3), "weighting": ("binary", "counts")},
    ),
    "tfidf_naive_bayes": (
        ModelSettings("naive_bayes", analyzer="stems"),
        {"alpha": (0.3, 1.0), "ngram_max": (2, 3)},
    ),
    "bow_logistic": (
        ModelSettings("logistic", C=0.3, analyzer="stems", weighting="binary"),
        {"C": (0.1, 0.3, 1.0), "ngram_max": (1, 2), "weighting": ("binary", "counts")},
    ),
    "tfidf_logistic": (ModelSettings("logistic", C=10.0, analyzer="stems"), _LOGISTIC),
    "tfidf_svm": (ModelSettings("svm", C=1.0, analyzer="stems"), _MARGIN),
    "tfidf_svm_words": (ModelSettings("svm", C=1.0), _MARGIN),
    "chars_svm": (
        ModelSettings("svm", C=1.0, analyzer="chars"),
        {"C": (0.3, 1.0), "min_df": (1, 2)},
    ),
    "both_svm": (
        ModelSettings("svm", C=1.0, analyzer="both"),
        {"C": (0.3, 1.0), "min_df": (1, 2)},
    ),
    "nb_weighted_bow": (
        ModelSettings("logistic", C=0.1, analyzer="stems", weighting="binary", nb_alpha=1.0),
        {"C": (0.03, 0.1, 0.3, 1.0), "min_df": (1, 2)},
    ),
    "nb_weighted_logistic": (
        ModelSettings("logistic", C=3.0, analyzer="stems", nb_alpha=0.1),
        {**_WEIGHTED, "C": (1.0, 3.0, 10.0)},
    ),
    "nb_weighted_svm": (ModelSettings("svm", C=0.3, analyzer="stems", nb_alpha=0.1), _WEIGHTED),
    "nb_weighted_svm_words": (ModelSettings("svm", C=0.3, nb_alpha=0.1), _WEIGHTED),
    "nb_weighted_chars": (
        ModelSettings("svm", C=0.3, analyzer="chars", min_df=2, nb_alpha=0.1),
        {"C": (0.1, 0.3, 1.0), "nb_alpha": (0.03, 0.1, 0.3)},
    ),
}


def list_candidates(family: str, n_trials: int, seed: int) -> list[ModelSettings]:
    """The settings of a family that are tried: its first one and `n_trials` drawn others.

    Raises:
        UnknownChoiceError: there is no such family.
    """
    if family not in FAMILIES:
        raise UnknownChoiceError(
            f"There is no text classifier {family!r}; there are {', '.join(FAMILIES)}. Correct "
            "nlp.models."
        )
    first, grid = FAMILIES[family]
    every = [replace(first, **dict(zip(grid, values, strict=True)))
             for values in product(*grid.values())]  # fmt: skip
    others = [settings for settings in every if settings != first]
    order = np.random.default_rng(seed).permutation(len(others))
    return [first, *(others[position] for position in order[:n_trials])]
