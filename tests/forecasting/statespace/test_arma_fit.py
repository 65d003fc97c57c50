"""Likelihood and estimates are those of the Kalman filter; each process is estimated once."""

import logging

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.statespace.sarimax import SARIMAX

from tests.forecasting.models.test_statistical import simulated
from tests.forecasting.synthetic import SMALL
from triptych.forecasting.models.factory import make_forecaster
from triptych.forecasting.statespace import arma_fit
from triptych.forecasting.statespace.arma import loglikelihood
from triptych.forecasting.statespace.arma_fit import Fitted, Orders, fit_arma, fit_each

CASES = {
    "autoregression": (Orders(3, 0), (0.9, 0.05, -0.1)),
    "moving average": (Orders(0, 2), (0.5, -0.3)),
    "seasonal": (Orders(2, 1, 1, 1), (1.1, -0.2, 0.4, 0.6, -0.3)),
    "nearly no memory of its start": (Orders(1, 1), (0.3, 0.9999)),  # never settles
}


def model_of(series: np.ndarray, orders: Orders) -> SARIMAX:
    days = (orders.seasonal_ar, 0, orders.seasonal_ma)
    return SARIMAX(
        series,
        order=(orders.ar, 0, orders.ma),
        seasonal_order=(*days, 8 if any(days) else 0),
        concentrate_scale=True,
    )


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("steps", [40, 512, 3000])
def test_it_is_what_the_kalman_filter_gives(case: str, steps: int) -> None:
    given = Fitted("given", *CASES[case])
    series = simulated(given.process, steps)
    assert loglikelihood(series, given.process) == pytest.approx(
        float(model_of(series, given.orders).loglike(given.parameters)), abs=1e-5
    )


@pytest.mark.parametrize("hole", [False, True])
def test_the_estimates_are_those_of_statsmodels(hole: bool) -> None:
    orders, values = CASES["seasonal"]
    series = simulated(Fitted("given", orders, values).process, 700)
    if hole:
        series[300:320] = np.nan
    found = fit_arma(series, orders)
    start = np.concatenate([arma_fit.yule_walker(series, 2), [0, 0.5, -0.3]])
    result = model_of(series, orders).fit(
        start_params=start, disp=False, maxiter=200, cov_type="none"
    )
    assert found.reason == ""
    assert found.parameters == pytest.approx(result.params, abs=1e-5)
    assert found.aic == pytest.approx(result.aic, abs=1e-5)


ORDERS = Orders(1, 0)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Orders]:
    """The orders of every process that was really estimated, with an empty cache."""
    made: list[Orders] = []

    def counted(series: np.ndarray, orders: Orders) -> Fitted:
        made.append(orders)
        return fit_arma(series, orders)

    monkeypatch.setattr(arma_fit, "fit_arma", counted)
    monkeypatch.setattr(arma_fit, "_cache", {})
    return made


def walk(seed: int) -> np.ndarray:
    return np.convolve(np.random.default_rng(seed).normal(size=500), [1, 0.5, 0.2])


def fit(series: np.ndarray, orders: Orders = ORDERS, name: str = "here") -> Fitted:
    return fit_each({name: series}, orders)[name]


def test_a_series_is_estimated_once_for_each_orders(asked: list[Orders]) -> None:
    changed = walk(0)
    changed[250] += 1e-9
    first = fit(walk(0))
    assert fit(walk(0), name="there") == first == fit_arma(walk(0), ORDERS)
    assert asked == [ORDERS]
    others = fit(changed), fit(walk(0), Orders(0, 1))
    assert len(asked) == 3
    assert len({process.parameters for process in (first, *others)}) == 3


def test_the_oldest_are_dropped(asked: list[Orders], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arma_fit, "LIMIT", 2)
    for seed in (0, 1, 2, 2, 0):
        fit(walk(seed))
    assert len(asked) == 4
    assert len(arma_fit._cache) == 2


def test_a_fallback_is_logged_for_each_model(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        for name in ("sarima of brest", "sarima_ridge of brest"):
            fit(np.ones(500), name=name)
    assert "sarima of brest falls back on white_noise: nothing varies" in caplog.text
    assert "sarima_ridge of brest falls back on white_noise" in caplog.text


def test_sarima_and_sarima_ridge_share_their_processes(
    training: pd.DataFrame, asked: list[Orders]
) -> None:
    texts = [
        make_forecaster(name, SMALL[name], max_lead=8, seed=0).fit(training).texts
        for name in ("sarima", "sarima_ridge")
    ]
    assert len(asked) == 2  # one a location
    assert texts[0] == texts[1]
