"""A linear classifier of documents: features, NB weights if asked for, and one linear model."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from triptych.nlp.config import ModelSettings
from triptych.nlp.errors import UnfittedTextModelError, UnknownChoiceError
from triptych.nlp.features import Terms, fitted_terms, make_features, restore_terms
from triptych.nlp.nbsvm import Labels, log_count_ratio, weigh
from triptych.nlp.preprocessing import Document

Scores = npt.NDArray[np.float64]
Documents = Sequence[Document]


class LinearHead:
    """What stands on a matrix of features: NB weights, if any, and a linear model.

    Attributes:
        weights: what one unit of each column adds to the score.
        intercept: the score of a document with no known term.
    """

    def __init__(self, settings: ModelSettings, seed: int) -> None:
        self._alpha = settings.nb_alpha
        self._model = _linear_model(settings, seed)
        self.weights: Scores = np.zeros(0)
        self.intercept = 0.0

    def fit(self, matrix: Any, labels: Labels) -> Self:
        """Learn from a matrix with a row a document, and its labels 0 and 1."""
        ratio = None
        if self._alpha is not None:
            ratio = log_count_ratio(matrix, labels, self._alpha)
            matrix = weigh(matrix, ratio)
        model = self._model.fit(matrix, labels)
        if hasattr(model, "coef_"):
            weights, self.intercept = model.coef_.ravel(), float(model.intercept_[0])
        else:  # naive Bayes: the log-odds are linear too
            weights = np.diff(model.feature_log_prob_, axis=0).ravel()
            self.intercept = float(np.diff(model.class_log_prior_)[0])
        self.weights = np.asarray(weights if ratio is None else weights * ratio, dtype=np.float64)
        return self

    def scores(self, matrix: Any) -> Scores:
        """How much each row speaks for class 1; 0 is undecided."""
        return np.asarray(matrix @ self.weights + self.intercept, dtype=np.float64)


class TextClassifier:
    """Settings fitted on documents: the vocabulary and its weights come from those alone."""

    def __init__(self, settings: ModelSettings, seed: int = 0) -> None:
        self.settings = settings
        self._features = make_features(*settings.features)
        self._head = LinearHead(settings, seed)
        self._fitted = False

    def fit(self, documents: Documents, labels: Labels) -> Self:
        """Learn vocabulary, weights and model."""
        self._head.fit(self._features.fit_transform(documents), labels)
        self._fitted = True
        return self

    def scores(self, documents: Documents) -> Scores:
        """How much each document speaks for class 1 (positive); 0 is undecided."""
        self._require()
        return self._head.scores(self._features.transform(documents))

    def terms(self) -> list[str]:
        """The words or runs of characters of the vocabulary, by column."""
        self._require()
        return [str(name) for name in self._features.get_feature_names_out()]

    def contributions(self, document: Document) -> dict[str, float]:
        """What each term of a document adds to its score."""
        row = self._features.transform([document]).tocsr()
        names, weights = self._features.get_feature_names_out(), self._head.weights
        values = zip(row.indices, row.data, strict=True)
        return {str(names[column]): float(value * weights[column]) for column, value in values}

    def mean_contributions(self, documents: Documents) -> tuple[Scores, npt.NDArray[np.int64]]:
        """What each term adds to the score where it occurs, on average, and where it does."""
        self._require()
        matrix = self._features.transform(documents).tocsc()
        counts = np.diff(matrix.indptr).astype(np.int64)
        sums = np.asarray(matrix.sum(axis=0), dtype=np.float64).ravel()
        return self._head.weights * sums / np.maximum(counts, 1), counts

    def terms_by_part(self) -> list[Terms]:
        """What the features know, as restore takes it."""
        self._require()
        return fitted_terms(self._features)

    @property
    def line(self) -> tuple[Scores, float]:
        """What one unit of each column adds to the score, and the score of no known term."""
        self._require()
        return self._head.weights, self._head.intercept

    def restore(self, parts: Sequence[Terms], weights: Scores, intercept: float) -> Self:
        """Take what `terms_by_part` and `line` gave, in place of learning."""
        restore_terms(self._features, parts)
        self._head.weights, self._head.intercept = weights, intercept
        self._fitted = True
        return self

    def _require(self) -> None:
        if not self._fitted:
            raise UnfittedTextModelError(
                "The text classifier is not fitted yet: call fit with documents and labels first."
            )


def _linear_model(settings: ModelSettings, seed: int) -> Any:
    if settings.classifier == "logistic":
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(
            C=settings.C, solver="liblinear", max_iter=1000, random_state=seed
        )
    if settings.classifier == "svm":
        from sklearn.svm import LinearSVC

        return LinearSVC(C=settings.C, max_iter=5000, random_state=seed)
    if settings.classifier == "naive_bayes":
        from sklearn.naive_bayes import MultinomialNB

        return MultinomialNB(alpha=settings.alpha)
    raise UnknownChoiceError(
        f"There is no classifier {settings.classifier!r}; there are logistic, svm, naive_bayes. "
        "Correct the name."
    )
