"""Figures of a comparison, against hand-made values and other implementations."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from sklearn.metrics import f1_score, log_loss, roc_auc_score

from triptych.classification import metrics as rates
from triptych.classification.significance import mcnemar, paired_tests
from triptych.nlp import metrics as judging
from triptych.nlp.calibration import Calibration
from triptych.nlp.nbsvm import log_count_ratio
from triptych.nlp.slice_tests import contradicts, holm, judge_hypotheses
from triptych.nlp.tuning import judge_scores


def predictions(model: str, chances: list[float], truth: list[int]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "model": model,
            "split": "test",
            "item": [f"test-{number}" for number in range(len(truth))],
            "label": [int(chance >= 0.5) for chance in chances],
            "positive": chances,
            "polarity": truth,
        }
    )


def test_scores_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 2, 300)
    chance = np.round(np.clip(0.25 + 0.5 * truth + 0.3 * rng.normal(size=300), 0.01, 0.99), 2)
    frame = predictions("a", chance.tolist(), truth.tolist())

    (row,) = judging.score_predictions(frame, resamples=2000, seed=1).to_dict("records")

    label = chance >= 0.5
    assert row["n"] == 300
    assert row["accuracy"] == pytest.approx((label == truth).mean())
    assert row["macro_f1"] == pytest.approx(f1_score(truth, label, average="macro"))
    assert row["roc_auc"] == pytest.approx(roc_auc_score(truth, chance))
    assert row["log_loss"] == pytest.approx(log_loss(truth, chance))
    assert row["brier"] == pytest.approx(((chance - truth) ** 2).mean())
    half = 1.96 * np.sqrt(row["accuracy"] * (1 - row["accuracy"]) / 300)
    assert row["accuracy_low"] == pytest.approx(row["accuracy"] - half, abs=0.012)
    assert row["accuracy_high"] == pytest.approx(row["accuracy"] + half, abs=0.012)


def test_reliability_and_confusion_count_every_review() -> None:
    frame = predictions("a", [0.05, 0.15, 0.18, 0.95, 1.0], [0, 0, 1, 1, 1])

    table = rates.reliability(frame["positive"].to_numpy(), frame["polarity"])

    assert table.values.tolist() == [
        [0.0, 1, 0.05, 0.0],
        [0.1, 2, pytest.approx(0.165), 0.5],
        [0.9, 2, pytest.approx(0.975), 1.0],
    ]
    assert judging.confusion(frame)[["polarity", "label", "n"]].values.tolist() == [
        [0, 0, 2], [0, 1, 0], [1, 0, 1], [1, 1, 2],
    ]  # fmt: skip


def test_accuracy_by_length_uses_the_words_of_each_review() -> None:
    frame = predictions("a", [0.1, 0.9, 0.9, 0.9], [0, 0, 1, 1])
    lengths = pd.Series({"test-0": 3, "test-1": 9, "test-2": 10, "test-3": 500})

    table = judging.accuracy_by_length(frame, lengths, [10, 100])

    assert table[["words", "n", "accuracy"]].values.tolist() == [
        ["0-9", 2, 0.5], ["10-99", 1, 1.0], ["100+", 1, 1.0],
    ]  # fmt: skip


def test_wilson_interval_of_a_known_share() -> None:
    low, high = rates.wilson(np.array([0.9]), np.array([100]))

    assert (low[0], high[0]) == (pytest.approx(0.8256, abs=1e-4), pytest.approx(0.9448, abs=1e-4))


@pytest.mark.parametrize(("one", "other"), [(0, 0), (5, 5), (1, 6), (12, 3), (40, 61)])
def test_mcnemar_agrees_with_the_binomial_test(one: int, other: int) -> None:
    exact, mid = mcnemar(one, other)

    expected = binomtest(one, one + other).pvalue if one + other else 1.0
    assert exact == pytest.approx(expected)
    assert mid <= exact
    assert mid > 0


def test_pairs_are_judged_on_the_same_reviews() -> None:
    truth = [1] * 20
    good = predictions("good", [0.9] * 18 + [0.1] * 2, truth)
    bad = predictions("bad", [0.1] * 9 + [0.9] * 11, truth)

    (row,) = paired_tests(pd.concat([bad, good]), ["good", "bad"]).to_dict("records")

    assert (row["only_model"], row["only_other"], row["n"]) == (9, 2, 20)
    assert row["difference"] == pytest.approx(0.35)
    assert row["p_exact"] == pytest.approx(2 * (1 + 11 + 55) / 2**11)
    assert row["p_mid"] == pytest.approx((2 * (1 + 11 + 55) - 55) / 2**11)


def test_calibration_gives_the_rates_that_are_seen() -> None:
    rng = np.random.default_rng(4)
    odds = rng.normal(0, 2, 20_000)
    labels = (rng.random(20_000) < 1 / (1 + np.exp(-odds))).astype(np.int64)

    found = Calibration.learn(odds / 3 + 1, labels)

    assert found.slope == pytest.approx(3, rel=0.05)
    assert found.intercept == pytest.approx(-3, rel=0.05)
    assert Calibration(1, 0).probabilities(np.array([-1000.0, 0.0, 1000.0])).round(6).tolist() == [
        0, 0.5, 1,
    ]  # fmt: skip


def test_nb_weights_by_hand() -> None:
    from scipy.sparse import csr_matrix

    matrix = csr_matrix(np.array([[1, 1, 0], [1, 0, 0], [0, 1, 1]], dtype=np.float32))

    ratio = log_count_ratio(matrix, np.array([1, 1, 0]), alpha=1.0)

    # class 1 counts 2+1, 1+1, 0+1 of 6; class 0 counts 0+1, 1+1, 1+1 of 5
    expected = np.log([(3 / 6) / (1 / 5), (2 / 6) / (2 / 5), (1 / 6) / (2 / 5)])
    assert ratio.tolist() == pytest.approx(expected.tolist(), rel=1e-6)


def test_a_planted_cause_of_mistakes_is_found_and_an_absent_one_is_not() -> None:
    rng = np.random.default_rng(5)
    mixed = rng.random(600) < 0.5
    wrong = rng.random(600) < np.where(mixed, 0.4, 0.1)
    truth = rng.integers(0, 2, 600)
    label = np.where(wrong, 1 - truth, truth)
    frame = predictions("a", label.astype(float).tolist(), truth.tolist())
    texts = pd.Series(
        ["bien mais long" if with_it else "bien et long" for with_it in mixed], frame["item"]
    )

    table = judge_hypotheses(frame, texts).set_index("hypothesis")

    row = table.loc["mixed opinions (mais, malgré, …)"]
    assert row["finding"] == "more mistakes"
    assert row["n_with"] + row["n_without"] == 600
    assert row["wrong_with"] + row["wrong_without"] == wrong.sum()
    others = table.drop(index=row.name)
    assert set(others["finding"]) == {"not testable"}  # all of these texts are short
    assert others[["odds_ratio", "p_value", "p_holm"]].isna().all(axis=None)
    assert row["p_holm"] == row["p_value"]  # the only test


@pytest.mark.parametrize(
    ("texts", "label"),
    [
        (["bien et court"] * 4, [0, 1, 0, 1]),  # no review has the trait
        (["bien mais court"] * 4, [0, 1, 0, 1]),  # all have it
        (["bien mais court", "bien et court"] * 2, [0, 0, 1, 1]),  # no mistake
    ],
)
def test_what_cannot_be_tested_has_no_odds_ratio(texts: list[str], label: list[int]) -> None:
    frame = predictions("a", [float(one) for one in label], [0, 0, 1, 1])

    table = judge_hypotheses(frame, pd.Series(texts, frame["item"])).set_index("hypothesis")

    row = table.loc["mixed opinions (mais, malgré, …)"]
    assert row[["odds_ratio", "p_value", "p_holm"]].isna().all()
    assert row["finding"] == "not testable"


def test_holm_by_hand() -> None:
    assert holm(pd.Series([0.04, 0.01, 0.03])).tolist() == pytest.approx([0.06, 0.03, 0.06])
    with_nan = holm(pd.Series([0.04, np.nan, 0.01, 0.03]))  # NaN is not a test
    assert with_nan.dropna().tolist() == pytest.approx([0.06, 0.03, 0.06])


def test_a_review_is_not_calibrated_on_its_own_label() -> None:
    rng = np.random.default_rng(6)
    scores, labels = rng.normal(size=(200, 40)), np.arange(40) % 2
    own, crossed = [], []
    for row in scores:  # nothing to learn: no calibration can beat log 2 but by the labels
        own.append(log_loss(labels, Calibration.learn(row, labels).probabilities(row)))
        crossed.append(judge_scores(row, labels)[0])

    assert np.mean(own) < np.log(2) < np.mean(crossed)


@pytest.mark.parametrize(
    ("text", "label", "contrary"),
    [
        ("un film à voir 4/5", 0, True),
        ("un film à voir 4/5", 1, False),
        ("1/5", 1, True),
        ("2,5 / 5", 1, False),
        ("18/20 puis 2/20", 0, False),
        ("le 11/9 et le 24/7", 0, False),
    ],
)
def test_marks_that_contradict_a_label(text: str, label: int, contrary: bool) -> None:
    assert contradicts(text, label) == contrary
