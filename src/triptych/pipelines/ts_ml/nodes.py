"""Tune, validate, choose, fit again, and look at the test period once."""

import logging
from typing import Any

import pandas as pd

from triptych.errors import ParameterError
from triptych.forecasting.backtest import backtest
from triptych.forecasting.catalogue import BASELINE_NAMES
from triptych.forecasting.ensemble import EnsembleForecaster
from triptych.forecasting.metrics import score
from triptych.forecasting.selection import choose
from triptych.forecasting.tuning import tune
from triptych.forecasting.weights import learn_weights
from triptych.parameters import ForecastParameters, ModelParameters, TuningParameters
from triptych.periods import StudyPeriods
from triptych.study import (
    Forecasters,
    backtest_test_period,
    backtests,
    between,
    calibrate,
    fit_forecasters,
    study_leads,
)

logger = logging.getLogger(__name__)


def tune_models(
    history: pd.DataFrame,
    periods: StudyPeriods,
    models: ModelParameters,
    tuning: TuningParameters,
    seed: int,
) -> dict[str, Any]:
    """Search hyperparameters: fitted on the training period, judged on validation.

    Returns:
        `tuned_parameters`: parameters by model; `tuning_trials`: one row a trial.

    Raises:
        ParameterError: a model is to be tuned that the study does not have.
    """
    unknown = sorted(set(tuning.models) - set(models.learned))
    if unknown:
        raise ParameterError(
            f"Parameter tuning.models names {', '.join(unknown)}, but the study compares "
            f"{', '.join(models.learned)} (models.learned). Correct one of the two."
        )
    known = between(history, periods.train_start, periods.test_start)
    parameters = {name: dict(models.learned[name]) for name in models.learned}
    trials = []
    for name in tuning.models if tuning.trials else []:
        parameters[name], tried = tune(
            name,
            known,
            periods.validation_start,
            periods.test_start,
            trials=tuning.trials,
            seed=seed,
            base_parameters=parameters[name],
        )
        trials.append(tried.assign(model=name))
    return {
        "tuned_parameters": parameters,
        "tuning_trials": pd.concat(trials) if trials else pd.DataFrame(columns=["model"]),
    }


def validate_models(
    history: pd.DataFrame,
    periods: StudyPeriods,
    tuned_parameters: dict[str, dict[str, Any]],
    horizon_days: int,
    forecast: ForecastParameters,
    seed: int,
) -> dict[str, Any]:
    """Fit on the training period and forecast every day of validation.

    Returns:
        `validation_forecasts`, with `observed` and `model`: their errors give the intervals their
        widths and the choice its ground; `ensemble_weights`, learned from them, by model and lead.
    """
    known = between(history, periods.train_start, periods.test_start)
    fitted = fit_forecasters(
        known, periods.validation_start, tuned_parameters, horizon_days, forecast, seed
    )
    leads = study_leads(horizon_days, forecast)
    members = backtests(fitted, known, periods.validation_start, periods.test_start, leads)
    weights = learn_weights(members, list(tuned_parameters))
    ensemble = _ensemble(fitted, tuned_parameters, weights)
    whole = backtest(ensemble, known, periods.validation_start, periods.test_start, leads)
    every = pd.concat([members, whole.assign(model=ensemble.name)], ignore_index=True)
    return {"validation_forecasts": every, "ensemble_weights": weights}


def choose_model(
    validation_forecasts: pd.DataFrame, history: pd.DataFrame, periods: StudyPeriods
) -> dict[str, Any]:
    """Score the validation forecasts and take the model of least day-ahead error.

    Returns:
        `chosen_model`: its name; `validation_comparison`: the scores it was chosen by.
    """
    training = between(history, periods.train_start, periods.validation_start)
    comparison = score(validation_forecasts, training)
    candidates = [name for name in comparison["model"].unique() if name not in BASELINE_NAMES]
    name = choose(comparison, candidates)
    logger.info("Chosen on validation: %s", name)
    return {"chosen_model": name, "validation_comparison": comparison}


def fit_models(
    history: pd.DataFrame,
    periods: StudyPeriods,
    tuned_parameters: dict[str, dict[str, Any]],
    validation_forecasts: pd.DataFrame,
    ensemble_weights: dict[str, list[float]],
    horizon_days: int,
    forecast: ForecastParameters,
    seed: int,
) -> Forecasters:
    """Fit every model on all that lies before the test period; intervals come from validation."""
    known = between(history, periods.train_start, periods.test_start)
    fitted = fit_forecasters(
        known, periods.test_start, tuned_parameters, horizon_days, forecast, seed
    )
    ensemble = _ensemble(fitted, tuned_parameters, ensemble_weights)
    return calibrate({**fitted, ensemble.name: ensemble}, validation_forecasts)


def backtest_models(
    fitted_models: Forecasters, history: pd.DataFrame, periods: StudyPeriods, horizon_days: int
) -> pd.DataFrame:
    """Forecast every day of the test period, all models from the same origins.

    Returns:
        Forecasts with intervals, `observed` and `model`.
    """
    return backtest_test_period(fitted_models, history, periods, horizon_days)


def compare_models(
    test_forecasts: pd.DataFrame, history: pd.DataFrame, periods: StudyPeriods
) -> dict[str, pd.DataFrame]:
    """Put all models in one table, on the same targets.

    Returns:
        `forecast_comparison`; `error_by_lead`: its RMSE, MAE and coverage as metrics, step = lead.
    """
    comparison = score(test_forecasts, between(history, periods.train_start, periods.test_start))
    by_lead = comparison[comparison["lead"].str.isdigit()].melt(
        ["model", "location", "lead"], ["rmse", "mae", "coverage"], var_name="error"
    )
    metric = by_lead["model"] + "." + by_lead["location"] + "." + by_lead["error"]
    return {
        "forecast_comparison": comparison,
        "error_by_lead": by_lead.assign(metric=metric, step=by_lead["lead"].astype(int)),
    }


def _ensemble(
    fitted: Forecasters, learned: dict[str, Any], weights: dict[str, list[float]]
) -> EnsembleForecaster:
    return EnsembleForecaster.of_fitted([fitted[name] for name in learned], weights)
