"""Metrics against hand-made values and other implementations."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from sklearn.metrics import f1_score, roc_auc_score

from triptych.classification.metrics import count_confusions, mcnemar, paired_tests, with_wilson
from triptych.nlp import metrics


def predictions(model: str, p_positive: list[float], y_true: list[int]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "model": model,
            "split": "test",
            "item": [f"test-{number}" for number in range(len(y_true))],
            "label": [int(p >= 0.5) for p in p_positive],
            "p_positive": p_positive,
            "y_true": y_true,
        }
    )


def test_scores_agree_with_their_definitions() -> None:
    rng = np.random.default_rng(2)
    y_true = rng.integers(0, 2, 300)
    p = np.round(np.clip(0.25 + 0.5 * y_true + 0.3 * rng.normal(size=300), 0.01, 0.99), 2)
    frame = predictions("a", p.tolist(), y_true.tolist())

    (row,) = metrics.score_predictions(frame, resamples=2000, seed=1).to_dict("records")

    accuracy = ((p >= 0.5) == y_true).mean()
    assert (row["n"], row["accuracy"]) == (300, pytest.approx(accuracy))
    assert row["macro_f1"] == pytest.approx(f1_score(y_true, p >= 0.5, average="macro"))
    assert row["roc_auc"] == pytest.approx(roc_auc_score(y_true, p))
    assert row["log_loss"] == pytest.approx(-np.log(np.where(y_true == 1, p, 1 - p)).mean())
    assert row["brier"] == pytest.approx(((p - y_true) ** 2).mean())
    half = 1.96 * np.sqrt(accuracy * (1 - accuracy) / 300)
    assert row["accuracy_low"] == pytest.approx(accuracy - half, abs=0.012)
    assert row["accuracy_high"] == pytest.approx(accuracy + half, abs=0.012)


def test_reliability_and_confusion_count_every_review() -> None:
    frame = predictions("a", [0.05, 0.15, 0.18, 0.95, 1.0], [0, 0, 1, 1, 1])

    assert metrics.compare_calibration(frame).values.tolist() == [
        ["a", "test", 0.0, 1, 0.05, 0.0],
        ["a", "test", 0.1, 2, pytest.approx(0.165), 0.5],
        ["a", "test", 0.9, 2, pytest.approx(0.975), 1.0],
    ]
    assert count_confusions(frame, "y_true", (0, 1))[["y_true", "label", "n"]].values.tolist() == [
        [0, 0, 2], [0, 1, 0], [1, 0, 1], [1, 1, 2],
    ]  # fmt: skip


def test_accuracy_by_length_uses_the_words_of_each_review() -> None:
    frame = predictions("a", [0.1, 0.9, 0.9, 0.9], [0, 0, 1, 1])
    lengths = pd.Series({"test-0": 3, "test-1": 9, "test-2": 10, "test-3": 500})

    table = metrics.accuracy_by_length(frame, lengths, [10, 100])

    assert table[["words", "n", "accuracy"]].values.tolist() == [
        ["0-9", 2, 0.5], ["10-99", 1, 1.0], ["100+", 1, 1.0],
    ]  # fmt: skip


def test_wilson_interval_of_a_known_share() -> None:
    (row,) = with_wilson(pd.DataFrame({"accuracy": [0.9], "n": [100]})).to_dict("records")

    assert row["low"] == pytest.approx(0.8256, abs=1e-4)
    assert row["high"] == pytest.approx(0.9448, abs=1e-4)


@pytest.mark.parametrize(("one", "other"), [(0, 0), (5, 5), (1, 6), (12, 3), (40, 61)])
def test_mcnemar_agrees_with_the_binomial_test(one: int, other: int) -> None:
    exact, mid = mcnemar(one, other)

    expected = binomtest(one, one + other).pvalue if one + other else 1.0
    assert exact == pytest.approx(expected)
    assert 0 < mid <= exact


def test_pairs_are_tested_on_the_same_reviews() -> None:
    y_true = [1] * 20
    good = predictions("good", [0.9] * 18 + [0.1] * 2, y_true)
    bad = predictions("bad", [0.1] * 9 + [0.9] * 11, y_true)

    table = paired_tests(pd.concat([bad, good]), ["good", "bad"], "y_true")

    (row,) = table.to_dict("records")
    assert (row["only_model"], row["only_other"], row["n"]) == (9, 2, 20)
    assert row["difference"] == pytest.approx(0.35)
    assert row["p_exact"] == pytest.approx(2 * (1 + 11 + 55) / 2**11)
    assert row["p_mid"] == pytest.approx((2 * (1 + 11 + 55) - 55) / 2**11)
