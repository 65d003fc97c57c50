"""Candidates of the families, tuning and calibration."""

import numpy as np
import pytest
from sklearn.metrics import log_loss

from tests.nlp.conftest import Prepared
from triptych.nlp.classifier import Calibration, TextClassifier, fit_linear
from triptych.nlp.config import FAMILIES, ModelSettings, list_candidates
from triptych.nlp.folds import nested_folds
from triptych.nlp.tuning import (
    BLEND,
    Tuned,
    choose_members,
    cross_scores,
    estimate_nested,
    evaluate_scores,
    tune,
)


@pytest.mark.parametrize("family", FAMILIES)
def test_candidates_match_the_name_of_their_family(family: str) -> None:
    candidates = list_candidates(family, n_trials=100, seed=1)

    weightings = {candidate.weighting for candidate in candidates}
    assert weightings <= ({"binary", "counts"} if "bow" in family.split("_") else {"tfidf"})
    assert candidates[0] == FAMILIES[family][0]
    assert len(set(candidates)) == len(candidates) > 1


def test_the_same_seed_gives_the_same_results(training: Prepared) -> None:
    documents, labels = training[0][:120], training[1][:120]

    def run(seed: int) -> tuple[list[float], list[str], list[str]]:
        families = ["tfidf_svm", "nb_weighted_bow"]
        levels = nested_folds(labels, np.arange(120), 3, 2, seed)
        tuned, trials = tune(families, documents, labels, levels, n_trials=2, seed=seed)
        assert len(trials) == 6
        assert set(tuned) == set(families)
        members = choose_members({name: each.scores for name, each in tuned.items()}, labels)
        return trials["log_loss"].tolist(), trials["settings"].tolist(), members

    assert run(5) == run(5)
    assert run(5) != run(6)


def test_calibration_finds_the_line_of_the_log_odds() -> None:
    rng = np.random.default_rng(4)
    odds = rng.normal(0, 2, 20_000)
    labels = (rng.random(20_000) < 1 / (1 + np.exp(-odds))).astype(np.int64)

    found = Calibration.learn(odds / 3 + 1, labels)

    assert (found.slope, found.intercept) == pytest.approx((3, -3), rel=0.05)


def test_a_review_is_not_calibrated_on_its_own_label() -> None:
    rng = np.random.default_rng(6)
    scores, labels = rng.normal(size=(30, 40)), np.arange(40) % 2
    own, crossed = [], []
    for row in scores:  # random scores: only leaked labels can give a log loss below log 2
        odds = Calibration.learn(row, labels).log_odds(row)
        own.append(log_loss(labels, 1 / (1 + np.exp(-odds))))
        crossed.append(evaluate_scores(row, labels)[0])

    assert np.mean(own) < np.log(2) < np.mean(crossed)


def test_nb_weights_are_log_count_ratios() -> None:
    from scipy.sparse import csr_matrix

    matrix = csr_matrix(np.array([[1, 1, 0], [1, 0, 0], [0, 1, 1]], dtype=np.float32))
    labels = np.array([1, 1, 0])

    # class 1 counts 2+1, 1+1, 0+1 of 6; class 0 counts 0+1, 1+1, 1+1 of 5
    ratio = np.log([(3 / 6) / (1 / 5), (2 / 6) / (2 / 5), (1 / 6) / (2 / 5)])
    bayes = ModelSettings("naive_bayes", alpha=1.0)
    assert fit_linear(matrix, labels, bayes, 1)[0].tolist() == pytest.approx(ratio.tolist())
    weighted, _ = fit_linear(matrix, labels, ModelSettings("svm", nb_alpha=1.0), 1)
    plain, _ = fit_linear(matrix.multiply(ratio[None, :]).tocsr(), labels, ModelSettings("svm"), 1)
    assert weighted.tolist() == pytest.approx((plain * ratio).tolist(), rel=1e-3)


@pytest.mark.parametrize("family", FAMILIES)
def test_counting_all_documents_once_gives_what_each_fold_gives(
    family: str, training: Prepared
) -> None:
    documents, labels = training[0][:90], training[1][:90]
    settings, fold = FAMILIES[family][0], (np.arange(60), np.arange(60, 90))

    found = cross_scores([settings], documents, labels, [[fold]], seed=1)[0, 0]

    model = TextClassifier(settings, 1).fit(documents[:60], labels[:60])
    assert found[60:] == pytest.approx(model.scores(documents[60:]), abs=1e-3)
    assert np.isnan(found[:60]).all()


def test_the_nested_estimate_of_noise_is_chance() -> None:
    """The best of many useless models looks good on the reviews that chose it, and there only."""
    labels, settings, best, nested = np.arange(60) % 2, FAMILIES["tfidf_svm"][0], [], []
    folds = nested_folds(labels, np.arange(60), 3, 2, seed=1)[0]
    for seed in range(2):
        scores = np.random.default_rng(seed).normal(size=(8, 60))
        best.append(min(evaluate_scores(row, labels)[0] for row in scores))
        tuned = {
            f"m{k}": Tuned(settings, row, np.tile(row, (3, 1))) for k, row in enumerate(scores)
        }
        odds, selection = estimate_nested(tuned, labels, folds)
        nested.append(selection["log_loss"].iloc[-1])

    assert max(best) < np.log(2) < min(nested)
    assert selection["n"].tolist() == [*(len(held_out) for _, held_out in folds), 60]
    assert set(odds) == {*tuned, BLEND}


def test_a_nested_estimate_does_not_know_the_labels_of_its_fold(training: Prepared) -> None:
    documents, labels = training[0][:90], training[1][:90]
    levels = nested_folds(labels, np.arange(90), 3, 2, seed=1)
    held_out = levels[0][0][1]
    inverted = labels.copy()
    inverted[held_out] = 1 - inverted[held_out]

    def estimate(of_training: np.ndarray) -> np.ndarray:
        tuned, _ = tune(["tfidf_svm", "bow_logistic"], documents, of_training, levels,
                        n_trials=1, seed=1)  # fmt: skip
        return estimate_nested(tuned, of_training, levels[0])[0][BLEND][held_out]

    assert np.array_equal(estimate(labels), estimate(inverted))
