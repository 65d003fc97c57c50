"""The LSTM learns, alike each time, from training reviews alone; one small network serves all."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.nlp.conftest import Prepared
from triptych.nlp.calibration import Calibration
from triptych.nlp.classifier import Documents, Scores
from triptych.nlp.document_models import CalibratedClassifier, ReviewModel
from triptych.nlp.errors import UnfittedTextModelError, UnknownChoiceError
from triptych.nlp.lstm import LstmClassifier, early_stopping_split
from triptych.nlp.lstm_ablation import choose_settings, cross_lstm, summarise_trials
from triptych.nlp.lstm_config import BASE, CHANGES, LstmSettings, change_settings, make_settings
from triptych.nlp.nbsvm import Labels
from triptych.nlp.preprocessing import Document, Preparation
from triptych.nlp.storage import load_classifier, save_classifier
from triptych.nlp.tuning import Fold, stratified_folds
from triptych.nlp.word_vectors import VectorSettings, VectorSource

SMALL = LstmSettings(units=4, epochs=20, max_length=40, batch_size=16, learning_rate=0.02)
SOURCE = VectorSource(VectorSettings(dimension=8, window=3, epochs=5))
OTHER = Document("autre chose zzz", "autre chose zzz", "autr chos zzz")


def fit(
    documents: Documents, labels: Labels, settings: LstmSettings = SMALL, n_jobs: int = 1
) -> LstmClassifier:
    return LstmClassifier(settings, 1).fit(documents, labels, SOURCE, n_jobs)


@pytest.fixture(scope="module")
def fitted(training: Prepared) -> LstmClassifier:
    """Give an ensemble of two networks, fitted on the training reviews in two processes."""
    return fit(*training, replace(SMALL, ensemble_size=2), n_jobs=2)


def test_it_learns_and_says_how(fitted: LstmClassifier, judged: Prepared) -> None:
    right = (fitted.scores(judged[0]) > 0) == judged[1]

    assert right.mean() > 0.65
    assert {(row["member"], row["epoch"]) for row in fitted.history} >= {(0, 1), (1, 1), (1, 2)}
    assert all(np.isfinite(row["val_loss"]) for row in fitted.history)


def test_a_review_is_read_alike_in_any_company(fitted: LstmClassifier, judged: Prepared) -> None:
    together = fitted.scores(judged[0])

    alone = [fitted.scores([document])[0] for document in judged[0][:5]]
    assert alone == pytest.approx(together[:5].tolist(), abs=1e-5)
    assert np.isfinite(fitted.scores([Document("", "", ""), OTHER])).all()


def test_the_same_seed_trains_the_same_network_in_any_process(
    fitted: LstmClassifier, training: Prepared, judged: Prepared
) -> None:
    again = fit(*training)  # in this process

    assert np.array_equal(again.scores(judged[0]), fitted.first(1).scores(judged[0]))


def test_what_is_stored_answers_the_same_and_has_the_same_bytes(
    fitted: LstmClassifier, judged: Prepared, tmp_path: Path
) -> None:
    calibrated = CalibratedClassifier(fitted, Calibration(2.0, 0.1))
    model = ReviewModel("lstm_ensemble", Preparation(), calibrated, {"units": 4})
    for folder in ("a", "b"):
        save_classifier(model, tmp_path / folder)

    loaded = load_classifier(tmp_path / "a")
    found = loaded.document_probabilities(judged[0])
    assert np.array_equal(found, model.document_probabilities(judged[0]))
    for file in ("arrays.npz", "terms.json", "classifier.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def crossed(documents: Documents, labels: Labels, fold: Fold) -> Scores:
    settings = replace(SMALL, epochs=2)
    return cross_lstm(settings, documents, labels, [fold], SOURCE, seed=1, n_jobs=1)[1]


def with_common_words(documents: Documents, labels: Labels, fold: Fold) -> Scores:
    """Plant: the vectors of words come from all documents, before they are parted."""
    learn, common = fold[0], SOURCE.learned([document.stems for document in documents], 1)
    model = LstmClassifier(replace(SMALL, epochs=2), 1)
    # as a pretrained file: its words are restricted to the training reviews, its vectors are not
    return model.fit([documents[row] for row in learn], labels[learn], common).scores(documents)


@pytest.mark.parametrize(("scorer", "leaks"), [(crossed, False), (with_common_words, True)])
def test_a_score_depends_on_training_reviews_alone(
    scorer: Callable[[Documents, Labels, Fold], Scores], leaks: bool, training: Prepared
) -> None:
    documents, labels = training[0][:60], training[1][:60]
    fold = stratified_folds(labels, 2, seed=1)[0]
    judge = fold[1]
    before = scorer(documents, labels, fold)[judge[0]]
    changed, turned = list(documents), labels.copy()
    for row in judge[1:]:
        changed[row] = OTHER
    turned[judge] = 1 - turned[judge]

    assert (scorer(changed, turned, fold)[judge[0]] != before) == leaks


def test_shuffled_labels_fall_to_chance(training: Prepared, judged: Prepared) -> None:
    shuffled = np.random.default_rng(3).permutation(training[1])

    right = (fit(training[0], shuffled).scores(judged[0]) > 0) == judged[1]

    assert 0.37 < right.mean() < 0.63


def test_a_tenth_of_each_class_stops_the_training() -> None:
    labels = np.arange(200) % 2

    train, stop = early_stopping_split(labels, seed=1)

    assert sorted([*train, *stop]) == list(range(200))
    assert (len(stop), labels[stop].mean()) == (20, 0.5)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_changes_something(change: str) -> None:
    assert change_settings(LstmSettings(), change) != LstmSettings()


def test_what_an_lstm_cannot_be() -> None:
    for values, message in (
        ({"pooling": "sum"}, "pooling can be max and mean, last state, not 'sum'"),
        ({"units": "many"}, "units cannot be 'many': units, layers"),
        ({"dropout": 1}, "dropout cannot be 1"),
        ({"unit": 3}, "no setting unit; it has analyzer, embeddings"),
    ):
        with pytest.raises(UnknownChoiceError, match=message):
            make_settings(values)
    with pytest.raises(UnknownChoiceError, match="no change 'GRU'"):
        change_settings(LstmSettings(), "GRU")
    with pytest.raises(UnfittedTextModelError, match="not fitted yet"):
        LstmClassifier(SMALL).scores([OTHER])


def trials(*losses: tuple[str, int, float]) -> pd.DataFrame:
    table = pd.DataFrame(losses, columns=["change", "seed", "log_loss"])
    return table.assign(n=10, accuracy=0.5, epochs=1, seconds=1.0)


def test_a_change_helps_if_all_seeds_agree() -> None:
    table = trials(
        (BASE, 1, 0.4), (BASE, 2, 0.5), ("last state", 1, 0.41), ("last state", 2, 0.3),
        ("24 units", 1, 0.39), ("24 units", 2, 0.48),
        ("two layers", 1, 0.6), ("two layers", 2, 0.6),
    )  # fmt: skip

    found = summarise_trials(table).set_index("change")

    assert found["finding"].to_dict() == {
        BASE: "", "last state": "not shown", "24 units": "helps", "two layers": "harms",
    }  # fmt: skip
    assert found.index[0] == "last state"
    assert choose_settings(table, SMALL) == ("24 units", replace(SMALL, units=24))
    assert choose_settings(table[table["change"] != "24 units"], SMALL) == (BASE, SMALL)
