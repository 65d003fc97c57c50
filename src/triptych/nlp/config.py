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
        strength: the inverse of regularisation C, or for naive Bayes the added count alpha.
        counted, weighting, longest, min_documents: see features.make_features.
        nb_alpha: the added count of NB weights on the features (nb_weights.py); None: no weights.
    """

    classifier: str
    strength: float
    counted: str = "words"
    weighting: str = "tfidf"
    longest: int = 2
    min_documents: int = 1
    nb_alpha: float | None = None

    @property
    def features(self) -> tuple[str, str, int, int]:
        """What make_features needs: models that share it share a matrix."""
        return self.counted, self.weighting, self.longest, self.min_documents


Grid = Mapping[str, tuple[Any, ...]]
_LOGISTIC: Grid = {"strength": (3.0, 10.0, 30.0), "longest": (2, 3), "min_documents": (1, 2)}
_MARGIN: Grid = {"strength": (0.3, 1.0, 3.0), "longest": (2, 3), "min_documents": (1, 2)}
_WEIGHTED: Grid = {
    "strength": (0.1, 0.3, 1.0), "min_documents": (1, 2), "nb_alpha": (0.03, 0.1, 0.3),
}  # fmt: skip

# The first setting of a family is always tried; a budget takes as many of the others as it allows.
# A grid never contradicts the name of its family: `bow_` counts, `tfidf_` weighs by TF-IDF.
FAMILIES: dict[str, tuple[ModelSettings, Grid]] = {
    "bow_naive_bayes": (
        ModelSettings("naive_bayes", 1.0, counted="stems", weighting="binary"),
        {"strength": (0.3, 1.0), "longest": (2, 3), "weighting": ("binary", "counts")},
    ),
    "tfidf_naive_bayes": (
        ModelSettings("naive_bayes", 1.0, counted="stems"),
        {"strength": (0.3, 1.0), "longest": (2, 3)},
    ),
    "bow_logistic": (
        ModelSettings("logistic", 0.3, counted="stems", weighting="binary"),
        {"strength": (0.1, 0.3, 1.0), "longest": (1, 2), "weighting": ("binary", "counts")},
    ),
    "tfidf_logistic": (ModelSettings("logistic", 10.0, counted="stems"), _LOGISTIC),
    "tfidf_svm": (ModelSettings("svm", 1.0, counted="stems"), _MARGIN),
    "tfidf_svm_words": (ModelSettings("svm", 1.0), _MARGIN),
    "chars_svm": (
        ModelSettings("svm", 1.0, counted="chars"),
        {"strength": (0.3, 1.0), "min_documents": (1, 2)},
    ),
    "both_svm": (
        ModelSettings("svm", 1.0, counted="both"),
        {"strength": (0.3, 1.0), "min_documents": (1, 2)},
    ),
    "nb_weighted_bow": (
        ModelSettings("logistic", 0.1, counted="stems", weighting="binary", nb_alpha=1.0),
        {"strength": (0.03, 0.1, 0.3, 1.0), "min_documents": (1, 2)},
    ),
    "nb_weighted_logistic": (
        ModelSettings("logistic", 3.0, counted="stems", nb_alpha=0.1),
        {**_WEIGHTED, "strength": (1.0, 3.0, 10.0)},
    ),
    "nb_weighted_svm": (ModelSettings("svm", 0.3, counted="stems", nb_alpha=0.1), _WEIGHTED),
    "nb_weighted_svm_words": (ModelSettings("svm", 0.3, nb_alpha=0.1), _WEIGHTED),
    "nb_weighted_chars": (
        ModelSettings("svm", 0.3, counted="chars", min_documents=2, nb_alpha=0.1),
        {"strength": (0.1, 0.3, 1.0), "nb_alpha": (0.03, 0.1, 0.3)},
    ),
}


def list_candidates(family: str, trials: int, seed: int) -> list[ModelSettings]:
    """The settings of a family that are tried: its first one and `trials` drawn others.

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
    return [first, *(others[position] for position in order[:trials])]
