"""The likelihood without a filter is the Kalman filter's, and so are the estimates."""

import numpy as np
import pytest
from statsmodels.tsa.statespace.sarimax import SARIMAX

from tests.forecasting.models.test_statistical import simulated
from triptych.forecasting.statespace import arma_fit
from triptych.forecasting.statespace.arma import loglikelihood
from triptych.forecasting.statespace.arma_fit import Fitted, Orders, fit_arma

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
