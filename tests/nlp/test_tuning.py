"""Candidates of the families, tuning and calibration."""

import numpy as np
import pytest
from sklearn.metrics import log_loss

from tests.nlp.conftest import Prepared
from triptych.nlp.classifier import Calibration, fit_linear
from triptych.nlp.config import FAMILIES, ModelSettings, list_candidates
from triptych.nlp.tuning import choose_members, evaluate_scores, tune


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
        tuned, trials = tune(families, documents, labels, n_trials=2, n_splits=3, seed=seed)
        assert len(trials) == 6
        assert set(tuned) == set(families)
        members = choose_members(tuned, labels)
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
