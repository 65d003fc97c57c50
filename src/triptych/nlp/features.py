"""What is counted of a document: words, stems, characters or both, as counts, presence or TF-IDF.

A vocabulary and its weights are fitted where `fit` is called, on those documents alone.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from triptych.nlp.errors import UnknownChoiceError

ANALYZERS = ("words", "stems", "chars", "both")
WEIGHTINGS = ("counts", "binary", "tfidf")


class Terms(NamedTuple):
    """What one vectoriser knows: its terms by column, and their inverse document frequencies."""

    terms: list[str]
    idf: npt.NDArray[np.float32] | None  # None where terms are not weighted


def make_features(analyzer: str, weighting: str, ngram_max: int = 2, min_df: int = 1) -> Any:
    """Make an unfitted scikit-learn transformer of `Document`s to a sparse matrix.

    Args:
        analyzer: `words` or `stems` (runs of 1 to `ngram_max` of them), `chars` (2 to 5 characters
            within words), or `both`: stems and characters side by side.
        weighting: `counts` (bag of words), `binary` (1 where it occurs) or `tfidf` (sublinear).
        ngram_max: 1, 2 or 3 words.
        min_df: what occurs in fewer documents is left out.

    Raises:
        UnknownChoiceError: `analyzer` or `weighting` is none of these.
    """
    for choice, known in ((analyzer, ANALYZERS), (weighting, WEIGHTINGS)):
        if choice not in known:
            raise UnknownChoiceError(
                f"There are no features {choice!r}; there are {', '.join(known)}. Correct the name."
            )
    if analyzer == "both":
        from sklearn.pipeline import FeatureUnion

        parts = ("stems", "chars")
        return FeatureUnion(
            [(part, make_features(part, weighting, ngram_max, min_df)) for part in parts]
        )
    settings: dict[str, Any] = {"lowercase": False, "min_df": min_df}
    if analyzer == "chars":
        settings |= {"analyzer": "char_wb", "ngram_range": (2, 5)}
        return _vectoriser(weighting, {**settings, "preprocessor": attrgetter("text")})
    settings |= {"token_pattern": r"\S+", "ngram_range": (1, ngram_max)}
    return _vectoriser(weighting, {**settings, "preprocessor": attrgetter(analyzer)})


def fitted_terms(features: Any) -> list[Terms]:
    """What the vectorisers of fitted features know, in their order."""
    return [
        Terms([str(term) for term in part.get_feature_names_out()], getattr(part, "idf_", None))
        for part in _parts(features)
    ]


def restore_terms(features: Any, known: Sequence[Terms]) -> None:
    """Give unfitted features of the same settings what `fitted_terms` told."""
    for part, (terms, idf) in zip(_parts(features), known, strict=True):
        part.set_params(vocabulary={term: column for column, term in enumerate(terms)})
        part._validate_vocabulary()  # what `fit` does with a vocabulary that is given
        if idf is not None:
            part.idf_ = idf


def _parts(features: Any) -> list[Any]:
    named = getattr(features, "transformer_list", None)
    return [features] if named is None else [part for _, part in named]


def _vectoriser(weighting: str, settings: dict[str, Any]) -> Any:
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

    if weighting == "tfidf":
        return TfidfVectorizer(sublinear_tf=True, dtype=np.float32, **settings)
    return CountVectorizer(binary=weighting == "binary", dtype=np.float32, **settings)
