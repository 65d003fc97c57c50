"""Metrics, calibration, ablation and explanations, compared with known values."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_rel
from sklearn.metrics import confusion_matrix, f1_score, log_loss, precision_score, recall_score

from triptych.classification.metrics import bootstrap_interval, count_confusions
from triptych.vision import metrics
from triptych.vision.ablation import (
    BASELINE,
    DROPOUT,
    INTERACTION,
    LEARNING_CURVE,
    Trial,
    best_rates,
    describe,
    dropout_grid,
    list_trials,
    summarise_trials,
)
from triptych.vision.classifier import Probabilities, apply_temperature, fit_temperature
from triptych.vision.config import NetworkSettings
from triptych.vision.decoding import Photo
from triptych.vision.lime import check_deletion, explain_photo

CLASSES = ("ground", "corn", "weeds")


@pytest.fixture(scope="module")
def predictions() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    y_true = rng.integers(0, 3, 200)
    scores = rng.normal(size=(200, 3)) + 1.5 * np.eye(3)[y_true]
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    items = [f"{number}.jpg" for number in range(200)]
    photos = pd.DataFrame({"split": "test", "item": items, "label": np.array(CLASSES)[y_true]})
    return metrics.predictions_table("a", photos, probabilities, CLASSES)


def ungrouped(predictions: pd.DataFrame) -> "pd.Series[int]":
    """Put each photo in a group of its own."""
    return pd.Series(range(len(predictions)), index=predictions["item"])


def test_scores_agree_with_scikit_learn(predictions: pd.DataFrame) -> None:
    groups = ungrouped(predictions)
    scores = metrics.score_predictions(predictions, CLASSES, groups, resamples=500, seed=1)
    (row,) = scores.to_dict("records")
    y_true, label = predictions["true_label"], predictions["label"]
    in_order = predictions[sorted(CLASSES)]

    assert row["accuracy"] == pytest.approx((y_true == label).mean())
    assert row["accuracy_low"] < row["accuracy"] < row["accuracy_high"]
    assert row["macro_f1"] == pytest.approx(f1_score(y_true, label, average="macro"))
    assert row["log_loss"] == pytest.approx(log_loss(y_true, in_order))
    table = metrics.score_classes(predictions, CLASSES).set_index("label")
    for name in CLASSES:
        of_class = {"labels": [name], "average": "micro"}
        precision = precision_score(y_true, label, **of_class)
        assert table.loc[name, "precision"] == pytest.approx(precision)
        assert table.loc[name, "recall"] == pytest.approx(recall_score(y_true, label, **of_class))
    counts = count_confusions(predictions, "true_label", CLASSES)["n"].to_numpy().reshape(3, 3)
    assert counts.tolist() == confusion_matrix(y_true, label, labels=CLASSES).tolist()
    assert metrics.reliability_tables(predictions)["n"].sum() == 200


def test_near_duplicates_do_not_narrow_the_interval(predictions: pd.DataFrame) -> None:
    """Every photo four times: by photo the interval halves, by group it stays."""
    copies = [predictions.assign(item=predictions["item"] + f"-{copy}") for copy in range(4)]
    four = pd.concat(copies, ignore_index=True)
    groups = pd.Series(np.tile(np.arange(200), 4), index=four["item"])

    def width(table: pd.DataFrame, by: "pd.Series[int]") -> float:
        scores = metrics.score_predictions(table, CLASSES, by, resamples=2000, seed=1).iloc[0]
        return float(scores["accuracy_high"] - scores["accuracy_low"])

    once = width(predictions, ungrouped(predictions))
    assert width(four, groups) == once
    assert width(four, ungrouped(four)) == pytest.approx(once / 2, rel=0.1)


def test_groups_of_different_sizes_are_resampled_whole() -> None:
    values, groups = np.array([1.0, 1, 1, 0]), ["a", "a", "a", "b"]

    assert bootstrap_interval(values, 2000, 1, groups) == (0.0, 1.0)
    means = {3 * a / (3 * a + 3 - a) for a in range(4)}
    ends = bootstrap_interval(np.r_[np.ones(3), 0, 0], 2000, 1, ["a", "a", "a", "b", "c"])
    assert all(any(abs(end - mean) < 1e-12 for mean in means) for end in ends)


def test_temperature_scaling_corrects_overconfidence(predictions: pd.DataFrame) -> None:
    probabilities = predictions[list(CLASSES)].to_numpy()
    y_true = predictions["true_label"].map(CLASSES.index).to_numpy()
    fitted = fit_temperature(probabilities, y_true)

    overconfident = apply_temperature(probabilities, 1 / 3)
    assert fit_temperature(overconfident, y_true) == pytest.approx(3 * fitted, rel=1e-3)
    assert apply_temperature(probabilities, 2.0).sum(axis=1) == pytest.approx(1)
    cooled = apply_temperature(probabilities, 5.0)
    assert (cooled.argmax(axis=1) == probabilities.argmax(axis=1)).all()


def test_trials_change_one_setting_at_a_time() -> None:
    baseline = NetworkSettings()
    grid = {
        "optimiser": [{"optimiser": "sgd", "learning_rate": 0.05}, {"optimiser": "adam"}],
        LEARNING_CURVE: [{"photos": 50}, {"photos": 100}],
    }

    trials = list_trials(baseline, grid, 100, [1, 2])

    sgd = NetworkSettings(optimiser="sgd", learning_rate=0.05)
    assert trials == [
        *(Trial(BASELINE, BASELINE, baseline, 100, seed) for seed in (1, 2)),
        *(Trial("optimiser", "sgd, learning rate 0.05", sgd, 100, seed) for seed in (1, 2)),
        *(Trial(LEARNING_CURVE, "photos 50", baseline, 50, seed) for seed in (1, 2)),
    ]
    assert [describe(change) for change in dropout_grid([0.0, 0.5])] == [
        *("dropout 0, with batch normalisation", "dropout 0.5, with batch normalisation"),
        *("dropout 0, without", "dropout 0.5, without"),
    ]


def test_the_learning_rate_with_the_lowest_loss_is_used() -> None:
    rows = [("sgd", 0.1, 0.9), ("sgd", 0.01, 0.6), ("adam", 0.001, 0.5), ("adam", 0.01, 0.7)]
    trials = pd.DataFrame(rows, columns=["optimiser", "learning_rate", "loss"])

    assert best_rates(trials) == {"sgd": 0.01, "adam": 0.001}


def test_changes_are_compared_with_the_baseline_of_the_same_seed() -> None:
    """Seeds differ by more than the change, which is the same with each of them."""
    base = np.array([0.70, 0.80, 0.90])
    levels = {
        (BASELINE, BASELINE): base, ("dropout", "0"): base + np.array([0.01, 0.011, 0.012]),
        ("optimiser", "sgd"): base + np.array([-0.2, 0.1, 0.05]),
    }  # fmt: skip
    rows = [
        (*level, seed, accuracy)
        for level, values in levels.items() for seed, accuracy in enumerate(values)
    ]  # fmt: skip
    trials = pd.DataFrame(rows, columns=["factor", "level", "seed", "accuracy"])

    effects = summarise_trials(trials)

    assert effects["significant"].tolist() == [False, True, False]
    assert effects["change"].tolist() == pytest.approx([0, 0.011, -0.05 / 3])
    paired = ttest_rel(levels[("optimiser", "sgd")], base).confidence_interval(0.95)
    assert effects.loc[2, ["change_low", "change_high"]].tolist() == pytest.approx(list(paired))
    one_seed = summarise_trials(trials[trials["seed"] == 0])
    assert not one_seed["significant"].any()


def test_the_interaction_is_the_difference_of_two_differences() -> None:
    accuracy = {(True, 0.0): 0.8, (True, 0.5): 0.9, (False, 0.0): 0.7, (False, 0.5): 0.5}
    rows = [
        (BASELINE if cell == (True, 0.5) else DROPOUT, str(cell), seed, *cell, value + seed / 100)
        for cell, value in accuracy.items() for seed in (1, 2)
    ]  # fmt: skip
    columns = ["factor", "level", "seed", "batch_norm", "dropout", "accuracy"]
    trials = pd.DataFrame(rows, columns=columns)
    trials.loc[trials["factor"] == BASELINE, "level"] = BASELINE

    found = summarise_trials(trials).set_index("factor").loc[INTERACTION]

    assert found["change"] == pytest.approx(0.1 + 0.2)
    assert found["significant"]
    # a rate that was trained with batch normalisation alone, as the baseline's may be
    more = trials.query("batch_norm and dropout == 0.0").assign(dropout=0.3, level="other")
    found = summarise_trials(pd.concat([trials, more])).set_index("factor").loc[INTERACTION]
    assert found["change"] == pytest.approx(0.1 + 0.2)


def by_corner(photos: Photo) -> Probabilities:
    """Plant: class 1 if the upper left corner is bright, whatever else there is."""
    bright = photos[:, :16, :16].mean(axis=(1, 2, 3)) / 255
    return np.stack([1 - bright, bright], axis=1)


def constant(photos: Photo) -> Probabilities:
    return np.tile([0.3, 0.7], (len(photos), 1))


def test_lime_finds_the_part_that_a_classifier_uses() -> None:
    rng = np.random.default_rng(2)
    photo = (60 + 20 * rng.random((64, 64, 3))).astype(np.uint8)
    photo[:8, :16], photo[8:16, :16] = 255, 190  # its superpixels' means are less bright

    explanation, again = (explain_photo(photo, by_corner, samples=400, seed=1) for _ in range(2))
    best = explanation.segments == explanation.strongest(1)[0]

    assert explanation.label == 1
    assert best[:16, :16].sum() / best.sum() > 0.5
    np.testing.assert_array_equal(explanation.weights, again.weights)
    unchanged = check_deletion(explain_photo(photo, constant, samples=50, seed=1), constant, 1)
    assert (unchanged["lime_drop"], unchanged["random_drop"], unchanged["percentile"]) == (
        0,
        0,
        0.5,
    )


def by_contrast(photos: Photo) -> Probabilities:
    """Plant: class 1 by the contrast within the middle."""
    contrast = np.clip(photos[:, 24:40, 24:40].std(axis=(1, 2, 3)) / 100, 0, 1)
    return np.stack([1 - contrast, contrast], axis=1)


def test_deleting_the_superpixels_of_lime_drops_more_than_random_ones() -> None:
    photo = np.full((64, 64, 3), 120, np.uint8)
    photo[24:40, 24:40] = np.random.default_rng(1).integers(0, 255, (16, 16, 3))

    explanation = explain_photo(photo, by_contrast, samples=300, seed=1)
    found = check_deletion(explanation, by_contrast, 1)

    assert found["lime_drop"] > found["random_drop"] + 0.05
    assert found["percentile"] > 0.9
