"""The search of orders: short, repeatable, never worse than where it started, blind to the test."""

import pandas as pd
import pytest

from triptych.forecasting.catalogue import STATISTICAL_NAMES, make_forecaster
from triptych.forecasting.orders import CANDIDATES, search_orders

START, END = pd.Timestamp("2021-04-15", tz="UTC"), pd.Timestamp("2021-05-15", tz="UTC")
SMALL_ORDERS = {"ar": 1, "ma": 0}
SMALL_SEASONAL = {**SMALL_ORDERS, "seasonal_ar": 1, "seasonal_ma": 0}
BASES = {"arima": SMALL_ORDERS, "sarima": SMALL_SEASONAL, "sarimax": SMALL_SEASONAL}


def test_every_statistical_model_has_candidates_that_start_from_its_defaults() -> None:
    assert set(CANDIDATES) == set(STATISTICAL_NAMES)
    for name, candidates in CANDIDATES.items():
        defaults = make_forecaster(name, {}, max_lead=8, seed=0).parameters
        assert {**defaults, **candidates[0]} == defaults
        assert all(set(candidate) <= set(defaults) for candidate in candidates)


@pytest.mark.parametrize("name", STATISTICAL_NAMES)
def test_the_search_repeats_and_starts_from_the_base(name: str, history: pd.DataFrame) -> None:
    (best, table), (again, other) = (
        search_orders(name, history, START, END, trials=2, base_parameters=BASES[name])
        for _ in range(2)
    )
    assert best == again
    pd.testing.assert_frame_equal(table, other)
    assert table["number"].tolist() == [0, 1]
    assert table.columns[:3].tolist() == ["number", "value", "aic"]
    first = table.iloc[0]
    assert {key: first[key] for key in BASES[name]} == BASES[name]
    assert table["value"].min() <= first["value"]
    winner = table.loc[table["value"].idxmin()].drop(["number", "value", "aic"]).to_dict()
    assert best == pytest.approx(winner)


def test_the_future_of_validation_is_not_looked_at(history: pd.DataFrame) -> None:
    changed = history.copy()
    changed.loc[history["time"] >= END, "temperature_2m"] += 50
    found = [
        search_orders("arima", known, START, END, trials=2, base_parameters=SMALL_ORDERS)[1]
        for known in (history, changed)
    ]
    pd.testing.assert_frame_equal(found[0], found[1])
    changed.loc[history["time"] >= END - pd.Timedelta("1D"), "temperature_2m"] += 50
    seen = search_orders("arima", changed, START, END, trials=2, base_parameters=SMALL_ORDERS)[1]
    assert not seen.equals(found[0])  # the check would notice


def test_without_a_budget_nothing_is_searched(history: pd.DataFrame) -> None:
    best, table = search_orders(
        "arima", history, START, END, trials=0, base_parameters=SMALL_ORDERS
    )
    assert best == SMALL_ORDERS
    assert table.empty


def test_the_criterion_is_unknown_where_a_location_fell_back(history: pd.DataFrame) -> None:
    still = history.copy()
    still.loc[still["location"] == "east", "temperature_2m"] = 12.5
    _, table = search_orders("arima", still, START, END, trials=1, base_parameters=SMALL_ORDERS)
    assert table["aic"].isna().all()
    assert table["value"].notna().all()
