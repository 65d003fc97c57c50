"""Nothing is learned from what is judged; each check is shown to fail on a planted leak."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from tests.nlp.conftest import Prepared, prepared
from triptych.nlp.classifier import Documents, LinearHead, Scores, TextClassifier
from triptych.nlp.config import FAMILIES, ModelSettings, list_candidates
from triptych.nlp.features import make_features
from triptych.nlp.lstm import LstmClassifier, early_stopping_split
from triptych.nlp.lstm_config import LstmSettings
from triptych.nlp.lstm_network import Labelled
from triptych.nlp.nbsvm import Labels
from triptych.nlp.preprocessing import Document
from triptych.nlp.sample import generate_reviews
from triptych.nlp.sequences import FIRST_WORD, Rows
from triptych.nlp.target_encoding import cross_fit_weights
from triptych.nlp.tuning import Fold, cross_scores, judge_scores, stratified_folds, tune
from triptych.nlp.word_vectors import VectorSettings, VectorSource

Scorer = Callable[[ModelSettings, Documents, Labels, Sequence[Fold]], Scores]
OTHER = Document("autre chose zzz", "autre chose zzz", "autr chos zzz")
FAMILY_NAMES = list(FAMILIES)
VECTORS = VectorSource(VectorSettings(dimension=8, window=3, epochs=5))


def ours(
    settings: ModelSettings, documents: Documents, labels: Labels, folds: Sequence[Fold]
) -> Scores:
    return cross_scores([settings], documents, labels, folds, seed=1)[0]


def with_common_vocabulary(
    settings: ModelSettings, documents: Documents, labels: Labels, folds: Sequence[Fold]
) -> Scores:
    """Plant: vocabulary and IDF come from all documents, before they are parted."""
    vectoriser = make_features(*settings.features).fit(documents)
    scores = np.zeros(len(documents))
    for learn, judge in folds:
        head = LinearHead(settings, 1)
        head.fit(vectoriser.transform([documents[row] for row in learn]), labels[learn])
        scores[judge] = head.scores(vectoriser.transform([documents[row] for row in judge]))
    return scores


def with_common_weights(
    settings: ModelSettings, documents: Documents, labels: Labels, folds: Sequence[Fold]
) -> Scores:
    """Plant: the model has seen the labels of what it judges."""
    return TextClassifier(settings, 1).fit(documents, labels).scores(documents)


def leaks(scorer: Scorer, settings: ModelSettings, prepared: Prepared) -> bool:
    """Tell whether a review's score moves with the other judged reviews, or with any judged label.

    The first fold's reviews are replaced but for one, and all its labels are turned round.
    """
    documents, labels = prepared[0][:120], prepared[1][:120]
    folds = stratified_folds(labels, 3, seed=1)[:1]
    judge = folds[0][1]
    before = scorer(settings, documents, labels, folds)[judge[0]]
    changed, turned = list(documents), labels.copy()
    for row in judge[1:]:
        changed[row] = OTHER
    turned[judge] = 1 - turned[judge]
    return bool(scorer(settings, changed, turned, folds)[judge[0]] != before)


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_a_score_depends_on_training_reviews_alone(family: str, training: Prepared) -> None:
    assert not leaks(ours, FAMILIES[family][0], training)


def test_a_planted_leak_is_noticed(training: Prepared) -> None:
    settings = FAMILIES["tfidf_svm"][0]

    assert leaks(with_common_vocabulary, settings, training)
    assert leaks(with_common_weights, settings, training)


@pytest.mark.parametrize("family", ["tfidf_svm", "both_svm", "nb_weighted_chars"])
def test_the_vocabulary_is_of_the_training_reviews(family: str, training: Prepared) -> None:
    settings = FAMILIES[family][0]
    model = TextClassifier(settings).fit(*training)

    assert not any("zzz" in term for term in model.terms())
    assert model.contributions(OTHER).keys() <= set(model.terms())
    planted = TextClassifier(settings).fit(
        [*training[0], OTHER, OTHER], np.append(training[1], [0, 1])
    )
    assert any("zzz" in term for term in planted.terms())


def test_shuffled_labels_fall_to_chance(training: Prepared, judged: Prepared) -> None:
    documents, labels = training
    shuffled = np.random.default_rng(3).permutation(labels)
    families = ["tfidf_logistic", "nb_weighted_svm", "bow_naive_bayes"]

    for family in families:
        settings = FAMILIES[family][0]
        folds = stratified_folds(shuffled, 3, seed=1)
        assert 0.4 < judge_scores(ours(settings, documents, shuffled, folds), shuffled)[1] < 0.6
        of_nothing = TextClassifier(settings).fit(documents, shuffled).scores(judged[0])
        assert 0.37 < ((of_nothing > 0) == judged[1]).mean() < 0.63
        learned = TextClassifier(settings).fit(documents, labels).scores(judged[0])
        assert ((learned > 0) == judged[1]).mean() > 0.65


class LeaveOneOut(LstmClassifier):
    """Plant: every review is encoded with word weights that leave out itself alone."""

    def _encode_parts(
        self, documents: Documents, labels: Labels, train: Rows, stop: Rows
    ) -> tuple[Labelled, Labelled]:
        rows = np.arange(len(labels))
        folds = [(np.delete(rows, row), rows[row : row + 1]) for row in rows]
        size = FIRST_WORD + len(self.vectors.words)
        every = cross_fit_weights(self.encode(documents), labels, size, folds)
        return (every.take(train), labels[train]), (every.take(stop), labels[stop])


@pytest.mark.parametrize(("kind", "leaks"), [(LstmClassifier, False), (LeaveOneOut, True)])
def test_shuffled_labels_fall_to_chance_on_the_early_stopping_split(
    kind: type[LstmClassifier], leaks: bool
) -> None:
    documents, labels = prepared(generate_reviews({"train": 600}, seed=7), "train")
    shuffled = np.random.default_rng(3).permutation(labels)
    settings = LstmSettings(
        units=8, epochs=16, patience=16, max_length=40, batch_size=16, learning_rate=0.02,
        dropout=0.0,
        word_dropout=0.0,
    )  # fmt: skip

    history = kind(settings, 1).fit(documents, shuffled, VECTORS).history

    assert history[-1]["accuracy"] > 0.9  # it has learned the training split by heart
    assert (max(epoch["val_accuracy"] for epoch in history) > 0.75) == leaks


def test_the_early_stopping_split_is_unseen(training: Prepared) -> None:
    """No vocabulary, vector or encoding of the training moves with its reviews."""
    documents, labels = training
    changed = list(documents)
    for row in early_stopping_split(labels, 1)[1]:
        changed[row] = OTHER

    def train(texts: Documents, source: VectorSource) -> tuple[tuple[str, ...], float]:
        fitted = LstmClassifier(LstmSettings(units=4, epochs=1, max_length=40), 1)
        fitted.fit(texts, labels, source)
        return fitted.vectors.words, fitted.history[0]["loss"]

    def with_common_vectors(texts: Documents) -> VectorSource:
        return VECTORS.learned([document.stems for document in texts], 1)

    assert train(changed, VECTORS) == train(documents, VECTORS)
    planted = [train(texts, with_common_vectors(texts)) for texts in (documents, changed)]
    assert planted[0] != planted[1]


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_no_trial_contradicts_the_name_of_its_family(family: str) -> None:
    weightings = {one.weighting for one in list_candidates(family, n_trials=100, seed=1)}

    if "bow" in family.split("_"):
        assert weightings <= {"binary", "counts"}
    else:
        assert weightings == {"tfidf"}


def test_the_same_seed_gives_the_same_figures(training: Prepared) -> None:
    def once(seed: int) -> tuple[list[float], list[str]]:
        tuned, trials = tune(
            ["tfidf_svm", "nb_weighted_bow"], *training, n_trials=2, n_splits=3, seed=seed
        )
        assert len(trials) == 6
        assert set(tuned) == {"tfidf_svm", "nb_weighted_bow"}
        return trials["log_loss"].tolist(), trials["settings"].tolist()

    assert once(5) == once(5)
    assert once(5) != once(6)
