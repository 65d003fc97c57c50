"""What is counted of a document: words, stems, characters or both, as counts, presence or TF-IDF.

A vocabulary and its weights are fitted where `fit` is called, on those documents alone.
"""

from operator import attrgetter
from typing import Any

from triptych.nlp.errors import UnknownChoiceError

COUNTED = ("words", "stems", "chars", "both")
WEIGHTINGS = ("counts", "binary", "tfidf")


def make_features(counted: str, weighting: str, longest: int = 2, min_documents: int = 1) -> Any:
    """Make an unfitted scikit-learn transformer of `Document`s to a sparse matrix.

    Args:
        counted: `words` or `stems` (runs of 1 to `longest` of them), `chars` (2 to 5 characters
            within words), or `both`: stems and characters side by side.
        weighting: `counts` (bag of words), `binary` (1 where it occurs) or `tfidf` (sublinear).
        longest: 1, 2 or 3 words.
        min_documents: what occurs in fewer documents is left out.

    Raises:
        UnknownChoiceError: `counted` or `weighting` is none of these.
    """
    for choice, known in ((counted, COUNTED), (weighting, WEIGHTINGS)):
        if choice not in known:
            raise UnknownChoiceError(
                f"There are no features {choice!r}; there are {', '.join(known)}. Correct the name."
            )
    if counted == "both":
        from sklearn.pipeline import FeatureUnion

        parts = ("stems", "chars")
        return FeatureUnion(
            [(part, make_features(part, weighting, longest, min_documents)) for part in parts]
        )
    settings: dict[str, Any] = {"lowercase": False, "min_df": min_documents}
    if counted == "chars":
        settings |= {"analyzer": "char_wb", "ngram_range": (2, 5)}
        return _vectoriser(weighting, {**settings, "preprocessor": attrgetter("text")})
    settings |= {"token_pattern": r"\S+", "ngram_range": (1, longest)}
    return _vectoriser(weighting, {**settings, "preprocessor": attrgetter(counted)})


def _vectoriser(weighting: str, settings: dict[str, Any]) -> Any:
    import numpy as np
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

    if weighting == "tfidf":
        return TfidfVectorizer(sublinear_tf=True, dtype=np.float32, **settings)
    return CountVectorizer(binary=weighting == "binary", dtype=np.float32, **settings)
