"""Joins whose rows must match: what does not is counted, never dropped."""

import pandas as pd
import pytest

from triptych.classification.errors import UnmatchedError
from triptych.classification.matching import look_up
from triptych.classification.metrics import paired_tests
from triptych.nlp.metrics import accuracy_by_length
from triptych.nlp.slice_tests import run_slice_tests
from triptych.vision.metrics import accuracy_by_origin, score_predictions

PREDICTIONS = pd.DataFrame(
    {
        "model": ["a", "a", "a"], "split": "test", "item": ["x", "y", "z"],
        "label": ["corn", "weeds", "corn"], "true_label": ["corn", "corn", "corn"],
        "confidence": 0.9, "corn": [0.9, 0.1, 0.9], "weeds": [0.1, 0.9, 0.1],
    }
)  # fmt: skip
REVIEWS = PREDICTIONS.assign(label=[1, 0, 1], y_true=1)
WITHOUT_Z = pd.Series({"x": "one", "y": "two"})


def test_values_are_found_by_key_and_a_missing_one_is_counted() -> None:
    assert look_up(pd.Series(["y", "x", "y"]), WITHOUT_Z, "value").tolist() == ["two", "one", "two"]
    with pytest.raises(UnmatchedError, match="2 of 3 rows have no value, the first: p"):
        look_up(pd.Series(["x", "p", "q"]), WITHOUT_Z, "value")


def test_every_join_of_the_evaluation_refuses_unmatched_items() -> None:
    with pytest.raises(UnmatchedError, match="1 of 3 rows have no group of near-duplicates"):
        score_predictions(PREDICTIONS, ["corn", "weeds"], WITHOUT_Z, resamples=10, seed=1)
    with pytest.raises(UnmatchedError, match=r"no origin of the label, the first: z\. The tables"):
        accuracy_by_origin(PREDICTIONS, WITHOUT_Z)
    with pytest.raises(UnmatchedError, match="no length of the review"):
        accuracy_by_length(REVIEWS, pd.Series({"x": 1, "y": 2}), [10])
    with pytest.raises(UnmatchedError, match="no review"):
        run_slice_tests(REVIEWS, WITHOUT_Z)
    other = PREDICTIONS[PREDICTIONS["item"] != "x"].assign(model="b")
    both = pd.concat([PREDICTIONS, other])
    with pytest.raises(UnmatchedError, match=r"Of 3 items in the predictions .* test, b lacks 1"):
        paired_tests(both, ["a", "b"], "true_label")
