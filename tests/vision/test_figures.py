"""Figures of a comparison and of explanations, against other implementations and planted ones."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import confusion_matrix, f1_score, log_loss, precision_score, recall_score

from triptych.classification.metrics import bootstrap_interval
from triptych.vision import metrics
from triptych.vision.ablation import Trial, list_trials, summarise_trials
from triptych.vision.classifier import Probabilities, apply_temperature, learn_temperature
from triptych.vision.config import NetworkSettings
from triptych.vision.decoding import Photo
from triptych.vision.errors import UnknownNetworkError
from triptych.vision.lime import check_deletion, explain_photo

CLASSES = ("ground", "corn", "weeds")


@pytest.fixture(scope="module")
def predictions() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    truth = rng.integers(0, 3, 200)
    scores = rng.normal(size=(200, 3)) + 1.5 * np.eye(3)[truth]
    chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    items = [f"{number}.jpg" for number in range(200)]
    photos = pd.DataFrame({"split": "test", "item": items, "label": np.array(CLASSES)[truth]})
    return metrics.predictions_table("a", photos, chances, CLASSES)


def alone(predictions: pd.DataFrame) -> "pd.Series[int]":
    """Put each photo in a group of its own."""
    return pd.Series(range(len(predictions)), index=predictions["item"])


def test_scores_agree_with_scikit_learn(predictions: pd.DataFrame) -> None:
    (row,) = metrics.score_predictions(
        predictions, CLASSES, alone(predictions), resamples=500, seed=1
    ).to_dict("records")  # fmt: skip
    truth, label = predictions["true_label"], predictions["label"]
    chances = predictions[list(CLASSES)].to_numpy()

    assert row["accuracy"] == pytest.approx((truth == label).mean())
    assert row["accuracy_low"] < row["accuracy"] < row["accuracy_high"]
    assert row["macro_f1"] == pytest.approx(f1_score(truth, label, average="macro"))
    in_order = chances[:, np.argsort(CLASSES)]
    assert row["log_loss"] == pytest.approx(log_loss(truth, in_order))
    table = metrics.score_classes(predictions, CLASSES).set_index("label")
    for name in CLASSES:
        assert table.loc[name, "precision"] == pytest.approx(
            precision_score(truth, label, labels=[name], average="micro")
        )
        assert table.loc[name, "recall"] == pytest.approx(
            recall_score(truth, label, labels=[name], average="micro")
        )
    counts = metrics.count_confusions(predictions, CLASSES)["n"].to_numpy().reshape(3, 3)
    assert counts.tolist() == confusion_matrix(truth, label, labels=CLASSES).tolist()
    assert metrics.reliability_tables(predictions)["n"].sum() == 200


def test_photos_that_show_the_same_count_once(predictions: pd.DataFrame) -> None:
    """Every photo four times: by photo the interval halves, by group it stays."""
    copies = [predictions.assign(item=predictions["item"] + f"-{copy}") for copy in range(4)]
    four = pd.concat(copies, ignore_index=True)
    groups = pd.Series(np.tile(np.arange(200), 4), index=four["item"])

    def width(table: pd.DataFrame, by: "pd.Series[int]") -> float:
        (row,) = metrics.score_predictions(table, CLASSES, by, resamples=2000, seed=1).to_dict(
            "records"
        )
        return float(row["accuracy_high"] - row["accuracy_low"])

    once = width(predictions, alone(predictions))
    assert width(four, groups) == once
    assert width(four, alone(four)) == pytest.approx(once / 2, rel=0.1)


def test_groups_of_unlike_size_are_drawn_whole() -> None:
    values, groups = np.array([1.0, 1, 1, 0]), ["a", "a", "a", "b"]

    assert bootstrap_interval(values, 2000, 1, groups) == (0.0, 1.0)
    means = {3 * a / (3 * a + 3 - a) for a in range(4)}
    drawn = bootstrap_interval(np.r_[np.ones(3), 0, 0], 2000, 1, ["a", "a", "a", "b", "c"])
    assert all(any(abs(end - mean) < 1e-12 for mean in means) for end in drawn)


def test_a_temperature_undoes_what_made_a_classifier_too_sure(predictions: pd.DataFrame) -> None:
    chances = predictions[list(CLASSES)].to_numpy()
    truth = predictions["true_label"].map(CLASSES.index).to_numpy()
    fitting = learn_temperature(chances, truth)

    assert learn_temperature(apply_temperature(chances, 1 / 3), truth) == pytest.approx(
        3 * fitting, rel=1e-3
    )
    assert apply_temperature(chances, 2.0).sum(axis=1) == pytest.approx(1)
    assert (apply_temperature(chances, 5.0).argmax(axis=1) == chances.argmax(axis=1)).all()


def test_one_thing_is_changed_at_a_time() -> None:
    base = NetworkSettings()
    grid = {"optimiser": [{"optimiser": "sgd", "learning_rate": 0.05}, {"optimiser": "adam"}]}

    trials = list_trials(base, grid, [1, 2])

    sgd = NetworkSettings(optimiser="sgd", learning_rate=0.05)
    assert trials == [
        Trial("base", "as it is", base, 1), Trial("base", "as it is", base, 2),
        Trial("optimiser", "sgd, learning rate 0.05", sgd, 1),
        Trial("optimiser", "sgd, learning rate 0.05", sgd, 2),
    ]  # fmt: skip
    with pytest.raises(UnknownNetworkError, match="changes dropuot, and a network has no such"):
        list_trials(base, {"dropout": [{"dropuot": 0.1}]}, [1])


def test_a_change_matters_if_it_is_more_than_the_seed_does() -> None:
    rows = [
        *(("base", "as it is", accuracy) for accuracy in (0.90, 0.91, 0.92)),
        *(("dropout", "0", accuracy) for accuracy in (0.905, 0.915, 0.925)),
        *(("optimiser", "sgd", accuracy) for accuracy in (0.70, 0.71, 0.72)),
    ]
    trials = pd.DataFrame(rows, columns=["factor", "level", "accuracy"])

    effects = summarise_trials(trials)

    assert effects["matters"].tolist() == [False, False, True]
    assert effects["change"].tolist() == pytest.approx([0, 0.005, -0.2])
    once = summarise_trials(trials.drop_duplicates(["factor", "level"]))
    assert not once["matters"].any()  # one seed tells nothing


def corner(photos: Photo) -> Probabilities:
    """Plant: class 1 if the upper left corner is bright, whatever else there is."""
    bright = photos[:, :16, :16].mean(axis=(1, 2, 3)) / 255
    return np.stack([1 - bright, bright], axis=1)


def constant(photos: Photo) -> Probabilities:
    return np.tile([0.3, 0.7], (len(photos), 1))


def test_lime_finds_what_a_classifier_goes_by() -> None:
    rng = np.random.default_rng(2)
    photo = (60 + 20 * rng.random((64, 64, 3))).astype(np.uint8)
    photo[:8, :16], photo[8:16, :16] = 255, 190  # its superpixels' means are less bright

    told = explain_photo(photo, corner, samples=400, seed=1)
    best = told.segments == told.strongest(1)[0]
    again = explain_photo(photo, corner, samples=400, seed=1)

    assert told.label == 1
    assert best[:16, :16].sum() / best.sum() > 0.5
    np.testing.assert_array_equal(told.weights, again.weights)
    nothing = check_deletion(explain_photo(photo, constant, samples=50, seed=1), constant, seed=1)
    assert (nothing.marked, nothing.random, nothing.share) == (0.0, 0.0, 0.5)


def spot(photos: Photo) -> Probabilities:
    """Plant: class 1 by the contrast within the middle."""
    contrast = np.clip(photos[:, 24:40, 24:40].std(axis=(1, 2, 3)) / 100, 0, 1)
    return np.stack([1 - contrast, contrast], axis=1)


def test_deleting_what_is_marked_loses_more_than_chance() -> None:
    photo = np.full((64, 64, 3), 120, np.uint8)
    photo[24:40, 24:40] = np.random.default_rng(1).integers(0, 255, (16, 16, 3))

    told = explain_photo(photo, spot, samples=300, seed=1)
    found = check_deletion(told, spot, seed=1)

    assert found.marked > found.random + 0.05
    assert found.share > 0.9
