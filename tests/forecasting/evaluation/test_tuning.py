"""Searches: short, repeatable, never worse than where they started, blind to what is later."""

import json
import math
from typing import Any

import pandas as pd
import pytest

from triptych.forecasting.evaluation import tuning
from triptych.forecasting.evaluation.tuning import (
    CANDIDATES,
    SPACES,
    TRIAL_COLUMNS,
    trial_metrics,
    trials_table,
    tune,
)
from triptych.forecasting.models.factory import STATISTICAL_NAMES, make_forecaster
from triptych.forecasting.statespace import arma_fit

START, END = pd.Timestamp("2021-04-15", tz="UTC"), pd.Timestamp("2021-05-15", tz="UTC")
SMALL_ORDERS = {"ar": 1, "ma": 0}
SMALL_SEASONAL = {**SMALL_ORDERS, "seasonal_ar": 1, "seasonal_ma": 0}
BASES: dict[str, dict[str, Any]] = {
    "ridge": {"neighbours": 1},
    "kernel_ridge": {},
    "random_forest": {"threads": 1},
    "lightgbm": {"threads": 1},
    "arima": SMALL_ORDERS,
    **dict.fromkeys(("sarima", "sarimax", "sarima_ridge"), SMALL_SEASONAL),
}
CHEAP = {
    "kernel_ridge": {"origin_steps": (0,), "max_rows": 100},
    "random_forest": {"trees": 2, "max_rows": 200},
    "lightgbm": {"trees": (3,), "other_origins": 0.0},
}
TRIALS = [
    ("ridge", 0, 2.5, math.nan, {"alpha": 0.1, "neighbours": 1}),
    ("ridge", 1, 2.25, math.nan, {"alpha": 0.2, "neighbours": 1}),
    ("arima", 0, 2.75, -100.5, {"ar": 2, "ma": 0}),
]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "CHEAPER", CHEAP)


def search(name: str, history: pd.DataFrame, trials: int) -> tuple[dict[str, Any], pd.DataFrame]:
    base = BASES.get(name, {})
    return tune(name, history, START, END, trials=trials, base_parameters=base, seed=4)


def test_every_search_is_tried_and_starts_from_the_defaults() -> None:
    assert set(BASES) == {*SPACES, *CANDIDATES}
    assert set(CANDIDATES) == set(STATISTICAL_NAMES)
    for name, candidates in CANDIDATES.items():
        defaults = make_forecaster(name, {}, max_lead=8, seed=0).parameters
        assert {**defaults, **candidates[0]} == defaults
        assert all(set(candidate) <= set(defaults) for candidate in candidates)


@pytest.mark.parametrize("name", BASES)
def test_the_search_starts_from_the_base_and_takes_the_best(
    name: str, history: pd.DataFrame
) -> None:
    best, table = search(name, history, 2)
    assert tuple(table.columns) == TRIAL_COLUMNS
    assert table["number"].tolist() == [0, 1]
    tried = [json.loads(row) for row in table["parameters"]]
    assert all(BASES[name].items() <= parameters.items() for parameters in tried[:1])
    assert best == tried[table["value"].idxmin()]


@pytest.mark.parametrize("name", ["ridge", "arima"])
def test_the_search_repeats_and_ignores_the_future(name: str, history: pd.DataFrame) -> None:
    changed = history.copy()
    changed.loc[history["time"] >= END, "temperature_2m"] += 50
    (best, table), (again, other) = (search(name, known, 2) for known in (history, changed))
    assert best == again
    pd.testing.assert_frame_equal(table, other)
    changed.loc[history["time"] >= END - pd.Timedelta("1D"), "temperature_2m"] += 50
    assert not search(name, changed, 2)[1].equals(table)  # the check would notice


@pytest.mark.parametrize(("name", "trials"), [("climatology", 5), ("ridge", 0), ("arima", 0)])
def test_without_a_search_or_a_budget_nothing_is_tried(
    name: str, trials: int, history: pd.DataFrame
) -> None:
    best, table = search(name, history, trials)
    assert best == BASES.get(name, {})
    assert table.empty


def test_the_criterion_is_unknown_where_a_location_fell_back(history: pd.DataFrame) -> None:
    still = history.copy()
    still.loc[still["location"] == "east", "temperature_2m"] = 12.5
    _, table = search("arima", still, 1)
    assert table["aic"].isna().all()
    assert table["value"].notna().all()


def test_searches_of_the_same_process_share_its_estimates(
    history: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arma_fit, "_cache", {})
    search("sarima", history, 2)
    known = set(arma_fit._cache)
    assert len(known) == 4  # candidates times locations
    search("sarima_ridge", history, 3)
    assert set(arma_fit._cache) == known


def test_every_trial_is_a_row_of_the_same_columns() -> None:
    table, empty = trials_table(TRIALS), trials_table([])
    assert tuple(table.columns) == tuple(empty.columns) == TRIAL_COLUMNS
    assert table["parameters"].tolist()[0] == '{"alpha": 0.1, "neighbours": 1}'
    assert table["aic"].isna().tolist() == [True, True, False]
    pd.testing.assert_frame_equal(pd.concat([empty, table], ignore_index=True), table)
    assert trial_metrics(empty).empty
    assert trial_metrics(table).to_numpy().tolist() == [
        ["tuning.ridge.rmse", 0, 2.5],
        ["tuning.ridge.rmse", 1, 2.25],
        ["tuning.arima.rmse", 0, 2.75],
        ["tuning.arima.aic", 0, -100.5],
    ]
