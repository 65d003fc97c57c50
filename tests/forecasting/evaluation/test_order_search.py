"""The search of orders: short, repeatable, never worse than where it started, blind to the test."""

import json
from typing import Any

import pandas as pd
import pytest

from triptych.forecasting.evaluation.tuning import CANDIDATES, TRIAL_COLUMNS, search_orders
from triptych.forecasting.models.factory import STATISTICAL_NAMES, make_forecaster
from triptych.forecasting.models.fit_cache import FitCache

START, END = pd.Timestamp("2021-04-15", tz="UTC"), pd.Timestamp("2021-05-15", tz="UTC")
SMALL_ORDERS = {"ar": 1, "ma": 0}
SMALL_SEASONAL = {**SMALL_ORDERS, "seasonal_ar": 1, "seasonal_ma": 0}
BASES = {"arima": SMALL_ORDERS, "sarima": SMALL_SEASONAL, "sarimax": SMALL_SEASONAL}
BASES["sarima_ridge"] = SMALL_SEASONAL


def search(
    name: str,
    history: pd.DataFrame,
    trials: int,
    base: dict[str, int],
    estimates: FitCache | None = None,
) -> tuple[dict[str, Any], pd.DataFrame]:
    return search_orders(
        name,
        history,
        START,
        END,
        trials=trials,
        base_parameters=base,
        estimates=estimates or FitCache(),
    )


def test_every_statistical_model_has_candidates_that_start_from_its_defaults() -> None:
    assert set(CANDIDATES) == set(STATISTICAL_NAMES)
    for name, candidates in CANDIDATES.items():
        defaults = make_forecaster(name, {}, max_lead=8, seed=0).parameters
        assert {**defaults, **candidates[0]} == defaults
        assert all(set(candidate) <= set(defaults) for candidate in candidates)


@pytest.mark.parametrize("name", STATISTICAL_NAMES)
def test_the_search_repeats_and_starts_from_the_base(name: str, history: pd.DataFrame) -> None:
    (best, table), (again, other) = (search(name, history, 2, BASES[name]) for _ in range(2))
    assert best == again
    pd.testing.assert_frame_equal(table, other)
    assert table["number"].tolist() == [0, 1]
    assert tuple(table.columns) == TRIAL_COLUMNS
    assert BASES[name].items() <= json.loads(table["parameters"][0]).items()
    assert best == json.loads(table["parameters"][table["value"].idxmin()])


def test_the_future_of_validation_is_not_looked_at(history: pd.DataFrame) -> None:
    changed = history.copy()
    changed.loc[history["time"] >= END, "temperature_2m"] += 50
    found = [search("arima", known, 2, SMALL_ORDERS)[1] for known in (history, changed)]
    pd.testing.assert_frame_equal(found[0], found[1])
    changed.loc[history["time"] >= END - pd.Timedelta("1D"), "temperature_2m"] += 50
    seen = search("arima", changed, 2, SMALL_ORDERS)[1]
    assert not seen.equals(found[0])  # the check would notice


def test_without_a_budget_nothing_is_searched(history: pd.DataFrame) -> None:
    best, table = search("arima", history, 0, SMALL_ORDERS)
    assert best == SMALL_ORDERS
    assert table.empty


def test_the_criterion_is_unknown_where_a_location_fell_back(history: pd.DataFrame) -> None:
    still = history.copy()
    still.loc[still["location"] == "east", "temperature_2m"] = 12.5
    _, table = search("arima", still, 1, SMALL_ORDERS)
    assert table["aic"].isna().all()
    assert table["value"].notna().all()


def test_what_was_estimated_is_left_and_taken(history: pd.DataFrame) -> None:
    estimates = FitCache()
    first = search("sarima", history, 2, SMALL_SEASONAL, estimates)
    known = estimates.stored()
    assert len(known) == 4  # candidates times locations
    again = search("sarima", history, 2, SMALL_SEASONAL, FitCache.of(known))
    pd.testing.assert_frame_equal(first[1], again[1])
    search("sarima_ridge", history, 3, SMALL_SEASONAL, estimates)
    assert estimates.stored() == known
