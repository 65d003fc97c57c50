"""The search for a model's parameters on validation: Optuna's TPE."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from triptych.forecasting.contract import DAY_LEADS
from triptych.forecasting.evaluation.backtest import backtest
from triptych.forecasting.models.factory import make_forecaster

if TYPE_CHECKING:
    from optuna import Trial

Space = Callable[["Trial"], dict[str, Any]]
Tried = tuple[str, int, float, float, Mapping[str, Any]]
TRIAL_COLUMNS = ("model", "number", "value", "aic", "parameters")


def _ridge(trial: "Trial") -> dict[str, Any]:
    return {"penalty": trial.suggest_float("penalty", 1e-3, 0.3, log=True)}


def _kernel(trial: "Trial") -> dict[str, Any]:
    return {
        "penalty": trial.suggest_float("penalty", 0.03, 0.5, log=True),
        "width": trial.suggest_float("width", 0.2, 1.0, log=True),
        "season": trial.suggest_float("season", 0.05, 0.5, log=True),
    }


def _forest(trial: "Trial") -> dict[str, Any]:
    return {
        "max_features": trial.suggest_float("max_features", 0.05, 0.4, log=True),
        "min_samples_leaf": trial.suggest_int("min_samples_leaf", 2, 20, log=True),
    }


def _lightgbm(trial: "Trial") -> dict[str, Any]:
    return {
        "num_leaves": trial.suggest_int("num_leaves", 8, 64, log=True),
        "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 10, 200, log=True),
        "feature_fraction": trial.suggest_float("feature_fraction", 0.1, 0.6, log=True),
        "lambda_l2": trial.suggest_float("lambda_l2", 0.1, 50.0, log=True),
    }


SPACES: Mapping[str, Space] = {
    "ridge": _ridge,
    "kernel_ridge": _kernel,
    "random_forest": _forest,
    "lightgbm": _lightgbm,
}
# A cheaper model ranks the candidates; the best is then fitted at full size.
CHEAPER: Mapping[str, Mapping[str, Any]] = {
    "kernel_ridge": {"origin_steps": (0,), "max_rows": 2_000},
    "random_forest": {"trees": 15, "max_rows": 6_000},
    "lightgbm": {
        "trees": (150,),
        "learning_rate": 0.1,
        "other_origins": 0.0,
    },
}


def tune(
    name: str,
    history: pd.DataFrame,
    validation_start: pd.Timestamp,
    validation_end: pd.Timestamp,
    *,
    trials: int,
    seed: int,
    base_parameters: Mapping[str, Any],
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Best parameters of `trials` tries, and the tries: TRIAL_COLUMNS.

    Each is fitted before `validation_start` and scored to `validation_end`: RMSE in °C over leads
    1-8 from every midnight, mean of locations. The first is `base_parameters` over the defaults. A
    model without a search space is returned unchanged.
    """
    base = dict(base_parameters)
    if name not in SPACES or trials < 1:
        return base, trials_table([])
    past = history[history["time"] < validation_start]
    known = history[history["time"] < validation_end]

    def objective(trial: "Trial") -> float:
        parameters = {**base, **SPACES[name](trial), **CHEAPER.get(name, {})}
        model = make_forecaster(name, parameters, max_lead=DAY_LEADS[-1], seed=seed).fit(past)
        return rmse(backtest(model, known, validation_start, validation_end, DAY_LEADS))

    return _search(objective, name, base, trials, seed)


def _search(
    objective: Callable[["Trial"], float], name: str, base: dict[str, Any], trials: int, seed: int
) -> tuple[dict[str, Any], pd.DataFrame]:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    start = {**make_forecaster(name, base, max_lead=DAY_LEADS[-1], seed=seed).parameters}
    study.enqueue_trial(start, skip_if_exists=True)
    study.optimize(objective, n_trials=trials)
    tried = [
        (name, t.number, float(t.values[0]), float("nan"), {**base, **t.params})
        for t in study.trials
    ]
    return {**base, **study.best_params}, trials_table(tried)


def rmse(forecasts: pd.DataFrame) -> float:
    """Root mean square error in °C of a backtest, averaged over locations."""
    square = (forecasts["mean"] - forecasts["observed"]) ** 2
    return float(np.sqrt(square.groupby(forecasts["location"]).mean()).mean())


def trials_table(trials: Sequence[Tried]) -> pd.DataFrame:
    """Frame TRIAL_COLUMNS of trials: `value` in °C, `aic` NaN where there is none, JSON parameters.
    """
    rows = [(*trial[:4], json.dumps(trial[4], sort_keys=True)) for trial in trials]
    table = pd.DataFrame(rows, columns=list(TRIAL_COLUMNS))
    kinds = {"model": "str", "number": "int64", "value": "float64", "aic": "float64"}
    return table.astype({**kinds, "parameters": "str"})


def trial_metrics(table: pd.DataFrame) -> pd.DataFrame:
    """Frame `metric, step, value` of trials: `tuning.ridge.rmse`, `tuning.arima.aic`."""
    named = table.rename(columns={"value": "rmse", "number": "step"})
    long = named.melt(["model", "step"], ["rmse", "aic"], var_name="measure")
    long = long[long["value"].notna()].reset_index(drop=True)
    return long.assign(metric="tuning." + long["model"] + "." + long["measure"])[
        ["metric", "step", "value"]
    ]
