"""ARMA processes: the filter, the forecasts from its states, the estimates and what stands in."""

import json
import logging
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from tests.forecasting.synthetic import MAX_LEAD, SMALL
from triptych.forecasting.contract import TEMPERATURE
from triptych.forecasting.errors import ForecastingError
from triptych.forecasting.evaluation.backtest import backtest
from triptych.forecasting.models.arima import SarimaForecaster, StatisticalForecaster
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.factory import STATISTICAL_NAMES, make_forecaster
from triptych.forecasting.statespace import arma_fit
from triptych.forecasting.statespace.arma import Arma
from triptych.forecasting.statespace.arma_fit import (
    Fitted,
    Orders,
    fit_arma,
    fit_each,
    fit_regression,
)

SEASONAL = Fitted("given", Orders(2, 1, 1, 1), (1.1, -0.2, 0.4, 0.6, -0.3)).process
HISTORY_END = pd.Timestamp("2021-06-01", tz="UTC")


def simulated(process: Arma, steps: int, seed: int = 0) -> np.ndarray:
    """A path of the process, by its equation."""
    noise = np.random.default_rng(seed).normal(size=steps)
    path = np.zeros(steps)
    for step in range(steps):
        for lags, past in ((process.ar, path), (process.ma, noise)):
            path[step] += sum(c * past[step - k] for k, c in enumerate(lags, 1) if k <= step)
        path[step] += noise[step]
    return path


def with_holes(path: np.ndarray) -> np.ndarray:
    holes = path.copy()
    holes[[3, 50, 51, 300]] = np.nan
    holes[120:180] = np.nan
    return holes


def test_one_pass_is_what_statsmodels_forecasts_from_each_origin() -> None:
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    series = with_holes(simulated(SEASONAL, 400))
    states = SEASONAL.states(series)
    for origin in (52, 100, 150, 179, 200, 400):
        model = SARIMAX(series[:origin], order=(2, 0, 1), seasonal_order=(1, 0, 1, 8))
        result = model.filter([1.1, -0.2, 0.4, 0.6, -0.3, 1.0])
        found = SEASONAL.forecast(states[:, [origin]], np.arange(1, 25))[0]
        assert found == pytest.approx(result.forecast(24), abs=1e-6)


def test_forecasts_beyond_sight_return_to_normal() -> None:
    states = SEASONAL.states(simulated(SEASONAL, 400))
    assert abs(SEASONAL.forecast(states[:, [400]], np.array([2000]))[0, 0]) < 1e-6
    assert SEASONAL.spectral_radius < 1


def test_past_weights_are_the_forecast_of_a_long_past() -> None:
    path = simulated(SEASONAL, 600)
    weights = SEASONAL.past_weights(600)
    found = SEASONAL.forecast(SEASONAL.states(path)[:, [600]], np.array([1]))[0, 0]
    assert weights @ path[::-1] == pytest.approx(found, abs=1e-6)
    assert Arma(np.array([0.5]), np.zeros(0)).past_weights(3).tolist() == [0.5, 0, 0]


def test_a_regression_and_the_process_of_its_errors_are_found_together() -> None:
    steps = 4000
    regressors = np.stack([np.ones(steps), np.cos(np.arange(steps) / 50)], axis=1)
    errors = simulated(Arma(np.array([0.8]), np.zeros(0)), steps, seed=2)
    fitted = fit_regression(with_holes(regressors @ [10.0, 3.0] + errors), regressors, Orders(1, 0))
    assert (fitted.method, fitted.reason) == ("maximum_likelihood", "")
    assert fitted.regression == pytest.approx((10.0, 3.0), abs=0.4)
    assert fitted.parameters == pytest.approx((0.8,), abs=0.03)
    assert Fitted.of(json.loads(json.dumps(asdict(fitted)))) == fitted


def test_an_estimate_that_does_not_converge_falls_back(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(arma_fit, "MAX_ITERATIONS", 1)
    path = simulated(SEASONAL, 2000)
    with caplog.at_level(logging.WARNING):
        (fitted,) = fit_each({"sarima of brest": path}, Orders(2, 1, 1, 1)).values()
    assert (fitted.method, fitted.orders) == ("yule_walker", Orders(8, 0))
    assert fitted.reason == "no convergence in 1 iterations"
    assert fitted.process.spectral_radius < 1
    assert "sarima of brest falls back on yule_walker: no convergence" in caplog.text


def test_an_unstable_estimate_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    path = np.cumsum(np.random.default_rng(0).normal(size=1000))  # never forgets
    monkeypatch.setattr(arma_fit, "STABLE", 0.9)
    fitted = fit_arma(path, Orders(1, 0))
    assert (fitted.method, fitted.parameters) == ("white_noise", ())
    assert fitted.reason == "the estimate is not stable"


def test_a_deterministic_series_falls_back_and_is_forecast() -> None:
    path = np.cos(2 * np.pi * np.arange(3000) / 8)
    for orders in (Orders(16, 0), Orders(3, 2, 1, 1)):
        fitted = fit_arma(path, orders)
        assert fitted.method == "yule_walker"
        assert fitted.reason.startswith(("the estimation failed", "the estimate is not stable"))
        states = fitted.process.states(path)
        found = fitted.process.forecast(states[:, [3000]], np.arange(1, 9))[0]
        assert found == pytest.approx(path[:8], abs=0.05)


def test_orders_are_counts() -> None:
    with pytest.raises(ForecastingError, match="must be whole numbers from 0, but ma is -1"):
        make_forecaster("arima", {"ma": -1}, max_lead=8, seed=0)
    with pytest.raises(ForecastingError, match=r"but seasonal_ar is 0\.5"):
        make_forecaster("sarimax", {"seasonal_ar": 0.5}, max_lead=8, seed=0)
    with pytest.raises(ForecastingError, match="at most 7 of single steps, but there are 8"):
        make_forecaster("sarima", {"ar": 8}, max_lead=8, seed=0)


@pytest.mark.parametrize("name", STATISTICAL_NAMES)
def test_a_constant_location_is_logged_and_forecast(
    name: str, training: pd.DataFrame, caplog: pytest.LogCaptureFixture
) -> None:
    still = training.copy()
    still.loc[still["location"] == "east", TEMPERATURE] = 12.5
    model = make_forecaster(name, SMALL[name], max_lead=8, seed=0)
    assert isinstance(model, StatisticalForecaster)
    with caplog.at_level(logging.WARNING):
        model.fit(still)
    assert {name: process.reason for name, process in model.processes.items()} == {
        "east": "nothing varies",
        "west": "",
    }
    assert f"{name} of east falls back on white_noise" in caplog.text
    end = pd.DatetimeIndex([still["time"].max() + pd.Timedelta("3h")])
    forecasts = model.predict(still, end, [1, 8]).set_index("location")["mean"]
    assert forecasts["east"].to_numpy() == pytest.approx(12.5, abs=1e-3)


def test_each_location_has_a_process_of_its_own_in_plain_text(
    fitted: dict[str, PanelForecaster],
) -> None:
    model = fitted["sarima"]
    assert isinstance(model, SarimaForecaster)
    stored = json.loads(model.texts["processes"])
    assert sorted(stored) == ["east", "west"]
    assert stored["east"]["parameters"] != stored["west"]["parameters"]
    assert stored["east"]["orders"] == {"ar": 1, "ma": 0, "seasonal_ar": 1, "seasonal_ma": 1}
    assert all(process.reason == "" for process in model.processes.values())


def test_other_variables_help_sarima_ridge(
    training: pd.DataFrame, history: pd.DataFrame, fitted: dict[str, PanelForecaster]
) -> None:
    """In the made-up weather west is what east was a day later; a hint of tomorrow is planted."""

    def hinted(table: pd.DataFrame) -> pd.DataFrame:
        coming = table.groupby("location")[TEMPERATURE].shift(-4)
        return table.assign(surface_pressure=coming.fillna(10.0))

    start = training["time"].max() + pd.Timedelta("3h")

    def error(name: str, told: bool) -> float:
        past, known = (hinted(training), hinted(history)) if told else (training, history)
        model = make_forecaster(name, SMALL[name], max_lead=MAX_LEAD, seed=3).fit(past)
        rows = backtest(model, known, start, HISTORY_END, [4])
        return float(((rows["mean"] - rows["observed"]) ** 2).mean() ** 0.5)

    assert error("sarima_ridge", told=True) < 0.3 * error("sarima_ridge", told=False)
    assert error("sarima", told=True) == pytest.approx(error("sarima", told=False))
