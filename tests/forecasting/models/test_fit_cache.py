"""The fit cache: each process of a study is estimated once and never confused with another."""

import json
import logging

import numpy as np
import pandas as pd
import pytest

from tests.forecasting.synthetic import SMALL
from triptych.forecasting.models import fit_cache as module
from triptych.forecasting.models.arima import StatisticalForecaster, share_fit_cache
from triptych.forecasting.models.factory import make_forecaster
from triptych.forecasting.models.fit_cache import FitCache
from triptych.forecasting.statespace.arma_fit import Fitted, Orders, fit_arma

ORDERS = Orders(1, 0)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Orders]:
    """The orders of every process that was really estimated."""
    made: list[Orders] = []

    def counted(series: np.ndarray, orders: Orders) -> Fitted:
        made.append(orders)
        return fit_arma(series, orders)

    monkeypatch.setattr(module, "fit_arma", counted)
    return made


def walk(seed: int) -> np.ndarray:
    return np.convolve(np.random.default_rng(seed).normal(size=500), [1, 0.5, 0.2])


def fit(cache: FitCache, series: np.ndarray, orders: Orders = ORDERS, name: str = "here") -> Fitted:
    return cache.fit_each({name: series}, orders)[name]


def test_the_same_series_and_orders_are_estimated_once(asked: list[Orders]) -> None:
    known = FitCache()
    first = fit(known, walk(0))
    assert fit(known, walk(0), name="there") == first == fit_arma(walk(0), ORDERS)
    assert asked == [ORDERS]


def test_another_series_or_other_orders_are_another_process(asked: list[Orders]) -> None:
    known = FitCache()
    changed = walk(0)
    changed[250] += 1e-9
    found = [
        fit(known, walk(0)),
        fit(known, changed),
        fit(known, walk(0), Orders(0, 1)),
    ]
    assert len(asked) == 3
    assert len({process.parameters for process in found}) == 3


def test_the_cache_is_restored_exactly(asked: list[Orders]) -> None:
    known = FitCache()
    first = fit(known, walk(0))
    again = FitCache(json.loads(json.dumps(known.stored())))
    assert fit(again, walk(0)) == first
    assert again.stored() == known.stored()
    assert len(asked) == 1


def test_the_oldest_are_dropped(asked: list[Orders], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIMIT", 2)
    known = FitCache()
    for seed in (0, 1, 2, 2, 0):
        fit(known, walk(seed))
    assert len(asked) == 4
    assert len(known.stored()) == 2


def test_a_fallback_is_logged_for_each_model(caplog: pytest.LogCaptureFixture) -> None:
    known = FitCache()
    with caplog.at_level(logging.WARNING):
        for name in ("sarima of brest", "sarima_ridge of brest"):
            fit(known, np.ones(500), name=name)
    assert "sarima of brest falls back on white_noise: nothing varies" in caplog.text
    assert "sarima_ridge of brest falls back on white_noise" in caplog.text


def test_sarima_and_sarima_ridge_share_their_processes(
    training: pd.DataFrame, asked: list[Orders]
) -> None:
    known = FitCache()
    made = {}
    for name in ("sarima", "sarima_ridge"):
        model = make_forecaster(name, SMALL[name], max_lead=8, seed=0)
        made[name] = share_fit_cache(model, known).fit(training)
    assert len(asked) == 2  # one a location
    sarima, sarima_ridge = made["sarima"], made["sarima_ridge"]
    assert isinstance(sarima, StatisticalForecaster) and isinstance(
        sarima_ridge, StatisticalForecaster
    )
    assert sarima.processes == sarima_ridge.processes
    alone = make_forecaster("sarima_ridge", SMALL["sarima_ridge"], max_lead=8, seed=0).fit(training)
    assert alone.texts == sarima_ridge.texts
    assert all((alone.state[k] == sarima_ridge.state[k]).all() for k in alone.state)


def test_forecasters_have_their_own_cache_by_default() -> None:
    one, two = (make_forecaster("arima", {}, max_lead=8, seed=0) for _ in range(2))
    assert isinstance(one, StatisticalForecaster) and isinstance(two, StatisticalForecaster)
    assert one.fit_cache is not two.fit_cache
    ridge = make_forecaster("ridge", {}, max_lead=8, seed=0)
    assert share_fit_cache(ridge, FitCache()) is ridge
