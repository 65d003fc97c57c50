"""Searches for parameters on validation: Optuna's TPE, and short lists of orders."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from triptych.execution.progress import track
from triptych.forecasting.contract import DAY_LEADS
from triptych.forecasting.evaluation.backtest import backtest
from triptych.forecasting.models.arima import StatisticalForecaster
from triptych.forecasting.models.factory import make_forecaster
from triptych.forecasting.statespace.arma_fit import MapParts, at_once

if TYPE_CHECKING:
    from optuna import Trial

Tried = tuple[str, int, float, float, Mapping[str, Any]]
TRIAL_COLUMNS = ("model", "number", "value", "aic", "parameters")
SPACES: Mapping[str, Mapping[str, tuple[float, float]]] = {  # searched on a log scale
    "ridge": {"alpha": (1e-3, 0.3)},
    "kernel_ridge": {"noise": (0.03, 0.5), "width": (0.2, 1.0), "season": (0.05, 0.5)},
    "random_forest": {"max_features": (0.05, 0.4), "min_samples_leaf": (2, 20)},
    "lightgbm": {
        "num_leaves": (8, 64),
        "min_data_in_leaf": (10, 200),
        "feature_fraction": (0.1, 0.6),
        "lambda_l2": (0.1, 50.0),
    },
}
# A cheaper model ranks the candidates; the best is then fitted at full size.
CHEAPER: Mapping[str, Mapping[str, Any]] = {
    "kernel_ridge": {"origin_steps": (0,), "max_rows": 2_000},
    "random_forest": {"trees": 15, "max_rows": 6_000},
    "lightgbm": {"trees": (150,), "learning_rate": 0.1, "other_origins": 0.0},
}
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
        for ar, ma, days in ((2, 0, 1), (1, 0, 1), (1, 1, 1))
    ),
    "sarima_ridge": tuple(
        {"harmonics": harmonics, "alpha_per_lead": alpha}
        for harmonics, alpha in ((1, 10.0), (0, 10.0), (1, 5.0), (1, 20.0), (2, 10.0))
    ),
}


def tune(
    name: str,
    history: pd.DataFrame,
    validation_start: pd.Timestamp,
    validation_end: pd.Timestamp,
    *,
    trials: int,
    base_parameters: Mapping[str, Any],
    seed: int = 0,
    map_parts: MapParts = at_once,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Best parameters of `trials` tries, and the tries: TRIAL_COLUMNS.

    Each is fitted before `validation_start` and scored to `validation_end`: RMSE in °C over leads
    1-8 from every midnight, mean of locations; a tie goes to the lower `aic`, summed over
    locations. The first is `base_parameters` over the defaults; then come CANDIDATES, or what
    Optuna draws from SPACES. A model without either is returned unchanged.
    """
    base, tried = dict(base_parameters), list[Tried]()
    past = history[history["time"] < validation_start]
    known = history[history["time"] < validation_end]

    def attempt(parameters: dict[str, Any]) -> float:
        smaller = {**parameters, **CHEAPER.get(name, {})}
        model = make_forecaster(name, smaller, max_lead=DAY_LEADS[-1], seed=seed)
        model.map_parts = map_parts
        model.fit(past)
        made = backtest(model, known, validation_start, validation_end, DAY_LEADS)
        square = (made["mean"] - made["observed"]) ** 2
        error = float(np.sqrt(square.groupby(made["location"]).mean()).mean())
        tried.append((name, len(tried), error, _aic(model), parameters))
        return error

    start = {**make_forecaster(name, base, max_lead=DAY_LEADS[-1], seed=seed).parameters}
    if trials > 0 and name in SPACES:
        _search(name, lambda trial: attempt({**base, **_suggest(trial, name)}), start, trials, seed)
    elif name in CANDIDATES:
        listed = [{**start, **own} for own in CANDIDATES[name]]
        candidates = [start, *(own for own in listed if own != start)][:trials]
        for parameters in track(candidates, f"Tuning {name}"):
            attempt(parameters)
    table = trials_table(tried)
    if not tried:
        return base, table
    best = table.round(6).sort_values(["value", "aic", "number"]).index[0]
    return dict(tried[best][-1]), table


def _search(
    name: str, objective: Callable[["Trial"], float], start: dict[str, Any], trials: int, seed: int
) -> None:
    """Optuna's tree-structured Parzen estimator."""
    import optuna

    # at WARNING, failed trials print a traceback
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    study.enqueue_trial(start, skip_if_exists=True)
    for _ in track(range(trials), f"Tuning {name}"):
        study.optimize(objective, n_trials=1)


def _suggest(trial: "Trial", name: str) -> dict[str, Any]:
    return {
        parameter: trial.suggest_int(parameter, low, high, log=True)
        if isinstance(low, int) and isinstance(high, int)
        else trial.suggest_float(parameter, low, high, log=True)
        for parameter, (low, high) in SPACES[name].items()
    }


def trials_table(trials: Sequence[Tried]) -> pd.DataFrame:
    """Frame TRIAL_COLUMNS of trials: `value` in °C, `aic` or NaN, parameters as JSON."""
    rows = [(*trial[:4], json.dumps(trial[4], sort_keys=True)) for trial in trials]
    table = pd.DataFrame(rows, columns=list(TRIAL_COLUMNS))
    kinds = {"model": "str", "number": "int64", "value": "float64", "aic": "float64"}
    return table.astype({**kinds, "parameters": "str"})


def trial_metrics(table: pd.DataFrame) -> pd.DataFrame:
    """Frame `metric, step, value` of trials: `tuning.ridge.rmse`, `tuning.arima.aic`."""
    named = table.rename(columns={"value": "rmse", "number": "step"})
    long = named.melt(["model", "step"], ["rmse", "aic"], var_name="measure")
    long = long[long["value"].notna()].reset_index(drop=True)
    long["metric"] = "tuning." + long["model"] + "." + long["measure"]
    return long[["metric", "step", "value"]]


def _aic(model: object) -> float:
    if not isinstance(model, StatisticalForecaster):
        return float("nan")
    values = [process.aic for process in model.processes.values()]
    return sum(float("nan") if value is None else value for value in values)
