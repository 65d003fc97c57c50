"""The search for orders and harmonics of the statistical models: a short list, tried in order."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

import pandas as pd

from triptych.forecasting.contract import DAY_LEADS
from triptych.forecasting.evaluation.backtest import backtest
from triptych.forecasting.evaluation.tuning import Tried, rmse, trials_table
from triptych.forecasting.models.arima import StatisticalForecaster, share_estimates
from triptych.forecasting.models.factory import make_forecaster
from triptych.forecasting.models.fit_cache import Estimates

# Short lists in place of a grid: what autocorrelations of temperature anomalies suggest.
CANDIDATES: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "arima": tuple(
        {"ar": ar, "ma": ma} for ar, ma in ((16, 0), (12, 0), (8, 0), (24, 0), (5, 2), (3, 2))
    ),
    "sarima": tuple(
        {"ar": ar, "ma": ma, "seasonal_ar": days, "seasonal_ma": 1}
        for ar, ma, days in ((5, 0, 2), (5, 0, 1), (3, 1, 2), (3, 2, 1), (2, 1, 1))
    ),
    "sarimax": tuple(
        {"ar": ar, "ma": ma, "seasonal_ar": days, "seasonal_ma": 1}
        for ar, ma, days in ((5, 0, 2), (2, 0, 1), (1, 1, 1))
    ),
    "sarima_ridge": tuple(
        {"harmonics": harmonics, "penalty": penalty}
        for harmonics, penalty in ((1, 10.0), (0, 10.0), (1, 5.0), (1, 20.0), (2, 10.0))
    ),
}


def search_orders(
    name: str,
    history: pd.DataFrame,
    validation_start: pd.Timestamp,
    validation_end: pd.Timestamp,
    *,
    trials: int,
    base_parameters: Mapping[str, Any],
    estimates: Estimates,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Best parameters of the first `trials` candidates, and what each gave: TRIAL_COLUMNS.

    The first is `base_parameters` over the defaults. `value` is the RMSE of `tune` and decides; a
    tie goes to the lower `aic`, summed over locations.
    """
    base = dict(base_parameters)
    past = history[history["time"] < validation_start]
    known = history[history["time"] < validation_end]
    tried: list[Tried] = []
    for number, parameters in enumerate(islice(_candidates(name, base), trials)):
        made = make_forecaster(name, parameters, max_lead=DAY_LEADS[-1], seed=0)
        model = share_estimates(made, estimates).fit(past)
        error = rmse(backtest(model, known, validation_start, validation_end, DAY_LEADS))
        tried.append((name, number, error, _aic(model), parameters))
    table = trials_table(tried)
    if not tried:
        return base, table
    best = table.round(6).sort_values(["value", "aic", "number"]).index[0]
    return tried[best][-1], table


def _candidates(name: str, base: dict[str, Any]) -> list[dict[str, Any]]:
    """The base over the defaults, then the list, each once."""
    start = make_forecaster(name, base, max_lead=DAY_LEADS[-1], seed=0).parameters
    found = [start]
    for candidate in CANDIDATES.get(name, ()):
        if {**start, **candidate} not in found:
            found.append({**start, **candidate})
    return found


def _aic(model: object) -> float:
    if not isinstance(model, StatisticalForecaster):
        return float("nan")
    values = [process.aic for process in model.processes.values()]
    return sum(float("nan") if value is None else value for value in values)
