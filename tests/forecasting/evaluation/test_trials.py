"""Trials of every search: one table, and metrics whose step is the trial's number."""

import math

import pandas as pd

from triptych.forecasting.evaluation.tuning import TRIAL_COLUMNS, trial_metrics, trials_table

TRIALS = [
    ("ridge", 0, 2.5, math.nan, {"alpha": 0.1, "neighbours": 1}),
    ("ridge", 1, 2.25, math.nan, {"alpha": 0.2, "neighbours": 1}),
    ("arima", 0, 2.75, -100.5, {"ar": 2, "ma": 0}),
]


def test_every_trial_is_a_row_of_the_same_columns() -> None:
    table = trials_table(TRIALS)
    assert tuple(table.columns) == TRIAL_COLUMNS
    assert table["parameters"].tolist()[:2] == [
        '{"alpha": 0.1, "neighbours": 1}',
        '{"alpha": 0.2, "neighbours": 1}',
    ]
    assert table["aic"].isna().tolist() == [True, True, False]


def test_without_a_trial_the_table_has_its_columns_all_the_same() -> None:
    empty = trials_table([])
    assert tuple(empty.columns) == TRIAL_COLUMNS
    together = pd.concat([empty, trials_table(TRIALS)], ignore_index=True)
    pd.testing.assert_frame_equal(together, trials_table(TRIALS))
    assert trial_metrics(empty).empty


def test_metrics_have_the_number_of_the_trial_as_their_step() -> None:
    rows = trial_metrics(trials_table(TRIALS))
    assert rows.to_numpy().tolist() == [
        ["tuning.ridge.rmse", 0, 2.5],
        ["tuning.ridge.rmse", 1, 2.25],
        ["tuning.arima.rmse", 0, 2.75],
        ["tuning.arima.aic", 0, -100.5],
    ]
