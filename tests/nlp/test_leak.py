"""Held-out reviews do not influence a model; each check fails on a planted leak."""

import pickle
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tests.nlp.conftest import OTHER, Prepared, prepared
from triptych.nlp.classifier import (
    Documents,
    Labels,
    Rows,
    Scores,
    TextClassifier,
    fit_linear,
    make_vectoriser,
)
from triptych.nlp.config import FAMILIES, LstmSettings, ModelSettings
from triptych.nlp.encoding import FIRST_WORD, cross_fit_word_weights
from triptych.nlp.folds import Fold, early_stopping_split, grouped_folds
from triptych.nlp.lstm import LstmClassifier
from triptych.nlp.lstm_ablation import cross_lstm
from triptych.nlp.lstm_network import Labelled
from triptych.nlp.sample import generate_reviews
from triptych.nlp.tuning import cross_scores, evaluate_scores
from triptych.nlp.word_vectors import VectorSettings, VectorSource

Scorer = Callable[[ModelSettings, Documents, Labels, Sequence[Fold]], Scores]
VECTORS = VectorSource(VectorSettings(dimension=8, window=3, epochs=5))
SHORT = LstmSettings(max_length=40)


def ours(
    settings: ModelSettings, documents: Documents, labels: Labels, folds: Sequence[Fold]
) -> Scores:
    return cross_scores([settings], documents, labels, [folds], seed=1)[0, 0]


def with_common_vocabulary(
    settings: ModelSettings, documents: Documents, labels: Labels, folds: Sequence[Fold]
) -> Scores:
    """Plant: vocabulary and IDF are fitted on all documents."""
    vectoriser = make_vectoriser(
        settings.analyzer, settings.weighting, settings.ngram_max, settings.min_df
    )
    matrix = vectoriser.fit_transform(documents)
    scores = np.zeros(len(documents))
    for train, held_out in folds:
        weights, intercept = fit_linear(matrix[train], labels[train], settings, 1)
        scores[held_out] = matrix[held_out] @ weights + intercept
    return scores


def with_common_weights(
    settings: ModelSettings, documents: Documents, labels: Labels, _: Sequence[Fold]
) -> Scores:
    """Plant: the model is fitted on the held-out labels too."""
    return TextClassifier(settings, 1).fit(documents, labels).scores(documents)


def our_lstm(
    _: ModelSettings, documents: Documents, labels: Labels, folds: Sequence[Fold]
) -> Scores:
    groups = np.arange(len(labels))
    found = cross_lstm(SHORT, (documents, labels, groups), [folds], VECTORS, seed=1, n_jobs=1)
    return found[1][0]


def lstm_with_common_vectors(
    _: ModelSettings, documents: Documents, labels: Labels, folds: Sequence[Fold]
) -> Scores:
    """Plant: the word vectors are trained on all documents."""
    common = VECTORS.find([document.words for document in documents], 1)
    ((train, _held_out),) = folds
    model = LstmClassifier(SHORT, 1)
    known = [documents[row] for row in train]
    return model.fit(known, labels[train], train, common).scores(documents)


class LinearNetwork:
    """Stands in for a trained network: a linear function of all inputs of the training."""

    def __init__(self, embedding: np.ndarray, train: Labelled) -> None:
        (numbers, weights), labels = train
        self.embedding = embedding.sum(axis=1)
        self.bias = self.embedding[numbers].sum() + weights.sum() + labels.sum()

    def logits(self, numbers: np.ndarray, weights: np.ndarray) -> Scores:
        return np.asarray((self.embedding[numbers] + weights).sum(axis=1) + self.bias)


@pytest.fixture
def inputs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """Replace the training of networks, and collect embedding and both splits of each."""
    found: list[tuple[object, ...]] = []

    def train(
        _: LstmSettings, embedding: np.ndarray, _seed: int, train: Labelled, stop: Labelled
    ) -> tuple[LinearNetwork, list[dict[str, float]]]:
        found.append((embedding, train, stop))
        return LinearNetwork(embedding, train), []

    monkeypatch.setattr("triptych.nlp.lstm.train_network", train)
    return found


def leaks(scorer: Scorer, settings: ModelSettings, prepared: Prepared) -> bool:
    """Tell whether the score of a review depends on other held-out reviews or on held-out labels.

    The other reviews of the fold are replaced, and all its labels are inverted.
    """
    documents, labels = prepared[0][:120], prepared[1][:120]
    folds = grouped_folds(labels, np.arange(120), 3, seed=1)[:1]
    held_out = folds[0][1]
    before = scorer(settings, documents, labels, folds)[held_out[0]]
    changed, inverted = list(documents), labels.copy()
    for row in held_out[1:]:
        changed[row] = OTHER
    inverted[held_out] = 1 - inverted[held_out]
    return bool(scorer(settings, changed, inverted, folds)[held_out[0]] != before)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_score_depends_on_training_reviews_alone(family: str, training: Prepared) -> None:
    assert not leaks(ours, FAMILIES[family][0], training)


@pytest.mark.parametrize(
    ("scorer", "expected"),
    [
        (with_common_vocabulary, True),
        (with_common_weights, True),
        (our_lstm, False),
        (lstm_with_common_vectors, True),
    ],
)
@pytest.mark.usefixtures("inputs")
def test_planted_leaks_are_found(scorer: Scorer, expected: bool, training: Prepared) -> None:
    assert leaks(scorer, FAMILIES["tfidf_svm"][0], training) == expected


@pytest.mark.parametrize("family", ["tfidf_svm", "both_svm", "nb_weighted_chars"])
def test_the_vocabulary_is_of_the_training_reviews(family: str, training: Prepared) -> None:
    settings = FAMILIES[family][0]

    model = TextClassifier(settings).fit(*training)
    planted = TextClassifier(settings).fit(
        [*training[0], OTHER, OTHER], np.append(training[1], [0, 1])
    )

    assert not any("zzz" in term for term in model.terms())
    assert any("zzz" in term for term in planted.terms())


@pytest.mark.parametrize("family", ["tfidf_logistic", "nb_weighted_svm", "bow_naive_bayes"])
def test_shuffled_labels_reduce_accuracy_to_chance(
    family: str, training: Prepared, held_out: Prepared
) -> None:
    documents, labels = training
    shuffled = np.random.default_rng(3).permutation(labels)
    settings = FAMILIES[family][0]
    folds = grouped_folds(shuffled, np.arange(len(shuffled)), 3, seed=1)

    def accuracy(of_training: Labels) -> float:
        scores = TextClassifier(settings).fit(documents, of_training).scores(held_out[0])
        return float(((scores > 0) == held_out[1]).mean())

    assert 0.4 < evaluate_scores(ours(settings, documents, shuffled, folds), shuffled)[1] < 0.6
    assert 0.37 < accuracy(shuffled) < 0.63
    assert accuracy(labels) > 0.65


class LeaveOneOut(LstmClassifier):
    """Plant: the word weights of each review exclude that review only."""

    def _encode_splits(
        self,
        numbers: np.ndarray,
        labels: Labels,
        train: Rows,
        stop: Rows,
        _folds: Sequence[Fold],
    ) -> tuple[Labelled, Labelled]:
        rows = np.arange(len(labels))
        folds = [(np.delete(rows, row), rows[row : row + 1]) for row in rows]
        size = FIRST_WORD + len(self.vocabulary)
        weights = cross_fit_word_weights(numbers, labels, size, folds)
        first, second = (((numbers[k], weights[k]), labels[k]) for k in (train, stop))
        return first, second


def features(encoded: tuple[np.ndarray, np.ndarray], size: int) -> np.ndarray:
    """Which words a review contains, and their weights: reviews × (2 × size)."""
    numbers, weights = encoded
    contains, weight = np.zeros((2, len(numbers), size))
    rows = np.arange(len(numbers))[:, None]
    contains[rows, numbers], weight[rows, numbers] = 1, weights
    return np.hstack([contains, weight])


@pytest.mark.parametrize(("kind", "leaks"), [(LstmClassifier, False), (LeaveOneOut, True)])
def test_shuffled_labels_reduce_accuracy_to_chance_on_the_early_stopping_split(
    kind: type[LstmClassifier], leaks: bool, inputs: list[tuple[Any, ...]]
) -> None:
    """A linear model judges the inputs: whether a network finds a leak depends on the processor."""
    documents, labels = prepared(generate_reviews({"train": 800}, seed=7), "train")
    shuffled = np.random.default_rng(3).permutation(labels)

    model = kind(SHORT, 1).fit(documents, shuffled, np.arange(len(shuffled)), VECTORS)
    size = FIRST_WORD + len(model.vocabulary)
    ((_, *splits),) = inputs
    train, stop = ((features(each, size), known) for each, known in splits)
    linear = LogisticRegression(C=100, max_iter=1000).fit(*train)

    assert linear.score(*train) > 0.9  # it has memorised the training split
    assert (linear.score(*stop) > 0.67) == leaks


def test_the_early_stopping_split_is_unseen(
    inputs: list[tuple[object, ...]], training: Prepared
) -> None:
    """Vocabulary, vectors and encoding of the training do not depend on its reviews."""
    documents, labels, rows = training[0][:100], training[1][:100], np.arange(100)
    changed = list(documents)
    for row in early_stopping_split(labels, rows, 1)[1]:
        changed[row] = OTHER

    for texts in (documents, changed):
        LstmClassifier(SHORT, 1).fit(texts, labels, rows, VECTORS)
        common = VECTORS.find([document.words for document in texts], 1)
        LstmClassifier(SHORT, 1).fit(texts, labels, rows, common)

    ours, planted, ours_changed, planted_changed = (
        pickle.dumps((embedding, train)) for embedding, train, _ in inputs
    )
    assert ours == ours_changed
    assert planted != planted_changed
