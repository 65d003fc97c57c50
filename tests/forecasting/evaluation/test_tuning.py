"""The search repeats, and is never worse than where it started."""

import json

import pandas as pd
import pytest

from triptych.forecasting.evaluation.tuning import SPACES, TRIAL_COLUMNS, tune

START, END = pd.Timestamp("2021-04-15", tz="UTC"), pd.Timestamp("2021-05-15", tz="UTC")
BASES = {
    "ridge": {"neighbours": 1},
    "kernel_ridge": {},
    "random_forest": {"threads": 1},
    "lightgbm": {"threads": 1},
}


def test_every_space_is_tried() -> None:
    assert set(BASES) == set(SPACES)


@pytest.mark.parametrize("name", BASES)
def test_the_search_repeats_and_starts_from_the_base(name: str, history: pd.DataFrame) -> None:
    trials = 3 if "ridge" in name else 1
    tries = [
        tune(name, history, START, END, trials=trials, seed=4, base_parameters=BASES[name])
        for _ in range(2)
    ]
    (best, table), (again, other) = tries
    assert best == again
    pd.testing.assert_frame_equal(table, other)
    assert tuple(table.columns) == TRIAL_COLUMNS
    assert len(table) == trials
    assert best == json.loads(table["parameters"][table["value"].idxmin()])
    assert BASES[name].items() <= best.items()


def test_the_future_of_validation_is_not_looked_at(history: pd.DataFrame) -> None:
    later = history["time"] >= END
    changed = history.copy()
    changed.loc[later, "temperature_2m"] += 50
    found = [
        tune("ridge", known, START, END, trials=3, seed=1, base_parameters={})[1]
        for known in (history, changed)
    ]
    pd.testing.assert_frame_equal(found[0], found[1])


def test_without_a_space_or_a_budget_nothing_is_searched(history: pd.DataFrame) -> None:
    for name, trials in (("climatology", 5), ("ridge", 0)):
        best, table = tune(
            name, history, START, END, trials=trials, seed=1, base_parameters={"neighbours": 1}
        )
        assert best == {"neighbours": 1}
        assert table.empty
