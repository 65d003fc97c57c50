"""Error analysis: terms, slice tests and LIME on planted causes."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from tests.nlp.conftest import Prepared
from tests.nlp.test_metrics import predictions
from triptych.nlp.classifier import CalibratedClassifier, Calibration, ReviewModel, TextClassifier
from triptych.nlp.config import FAMILIES
from triptych.nlp.error_analysis import (
    confident_errors,
    explain_review,
    term_contributions,
    top_features,
)
from triptych.nlp.preprocessing import Preparation
from triptych.nlp.slice_tests import contradicts, holm, run_slice_tests

MIXED = "mixed opinions (mais, malgré, …)"


@pytest.fixture(scope="module")
def blend(training: Prepared) -> ReviewModel:
    """Return a blend of two linear classifiers."""
    members = {
        name: CalibratedClassifier(
            TextClassifier(FAMILIES[name][0], 1).fit(*training), Calibration(1.5, -0.2)
        )
        for name in ("tfidf_svm", "both_svm")
    }
    return ReviewModel("blend", Preparation(), members)


def test_contributions_add_up_to_the_log_odds(blend: ReviewModel, held_out: Prepared) -> None:
    document = held_out[0][0]
    members = blend.members.values()
    constant = [m.calibration.log_odds(np.array(m.classifier.intercept)) for m in members]  # type: ignore[attr-defined]

    found = term_contributions(blend, document)

    assert found.index.is_unique
    assert found.sum() + np.mean(constant) == pytest.approx(blend.log_odds([document])[0])


def test_top_features_are_frequent_terms_of_each_direction(
    blend: ReviewModel, training: Prepared
) -> None:
    table = top_features(blend, training[0], 5)

    assert table.groupby(["member", "direction"])["rank"].apply(list).tolist() == 4 * [
        [1, 2, 3, 4, 5]
    ]
    assert ((table["weight"] > 0) == (table["direction"] == "positive")).all()
    assert table["documents"].min() > 2


def test_the_most_confident_errors_come_first(blend: ReviewModel) -> None:
    frame = predictions("blend", [0.9, 0.6, 0.05, 0.8], [0, 0, 1, 1])
    texts = pd.Series(["un film superbe", "bon", "un film nul", "bien"], frame["item"])

    table = confident_errors(frame, texts, blend, 2)

    assert table["item"].tolist() == ["test-2", "test-0"]
    assert table["words"].tolist() == [3, 3]
    assert "superb" in table["for_positive"].iloc[1]
    assert "nul" in table["for_negative"].iloc[0]


def decided_by_one_word(texts: Sequence[str]) -> np.ndarray:
    positive = np.array([0.9 if "génial" in text else 0.2 for text in texts])
    return np.stack([1 - positive, positive], axis=1)


def test_lime_finds_the_word_that_decides() -> None:
    review = "L'histoire est longue, mais le casting est génial !"

    words, fit = explain_review(decided_by_one_word, review, samples=200, seed=1)

    assert words[0][0] == "génial"
    assert 0.6 < words[0][1] < 0.8
    assert max(abs(weight) for _, weight in words[1:]) < 0.1
    assert fit > 0.9
    assert (words, fit) == explain_review(decided_by_one_word, review, samples=200, seed=1)


def test_a_planted_cause_of_errors_is_found() -> None:
    rng = np.random.default_rng(5)
    mixed = rng.random(600) < 0.5
    wrong = rng.random(600) < np.where(mixed, 0.4, 0.1)
    y_true = rng.integers(0, 2, 600)
    frame = predictions("a", np.where(wrong, 1 - y_true, y_true).tolist(), y_true.tolist())
    texts = np.where(mixed, "bien mais long", "bien et long")

    table = run_slice_tests(frame, pd.Series(texts, frame["item"])).set_index("trait")

    row = table.loc[MIXED]
    assert row["finding"] == "more errors"
    assert row["n_with"] + row["n_without"] == 600
    assert row["errors_with"] + row["errors_without"] == wrong.sum()
    assert row["p_holm"] == row["p_value"]  # the only test: all other traits are constant
    others = table.drop(index=MIXED)
    assert set(others["finding"]) == {"not testable"}
    assert others[["odds_ratio", "p_value", "p_holm"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("texts", "label"),
    [
        (["bien et court"] * 4, [0, 1, 0, 1]),  # no review has the trait
        (["bien mais court"] * 4, [0, 1, 0, 1]),  # all have it
        (["bien mais court", "bien et court"] * 2, [0, 0, 1, 1]),  # no error
    ],
)
def test_constant_slices_are_not_testable(texts: list[str], label: list[float]) -> None:
    frame = predictions("a", label, [0, 0, 1, 1])

    row = run_slice_tests(frame, pd.Series(texts, frame["item"])).set_index("trait").loc[MIXED]

    assert row[["odds_ratio", "p_value", "p_holm"]].isna().all()
    assert row["finding"] == "not testable"


def test_holm_ignores_nan() -> None:
    assert holm(pd.Series([0.04, 0.01, 0.03])).tolist() == pytest.approx([0.06, 0.03, 0.06])
    with_nan = holm(pd.Series([0.04, np.nan, 0.01, 0.03]))
    assert with_nan.dropna().tolist() == pytest.approx([0.06, 0.03, 0.06])


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
def test_ratings_that_contradict_a_label(text: str, label: int, contrary: bool) -> None:
    assert contradicts(text, label) == contrary
