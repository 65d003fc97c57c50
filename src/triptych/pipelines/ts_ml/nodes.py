"""Tune, validate, fit again, and look at the test period once."""

from typing import Any

import pandas as pd

from triptych.execution.batches import SERIAL
from triptych.forecasting.evaluation.metrics import score
from triptych.forecasting.evaluation.tuning import trial_metrics, trials_table, tune
from triptych.forecasting.models.ensemble import EnsembleForecaster, cross_fitted, learn_weights
from triptych.parameters.execution import EngineParameters
from triptych.parameters.forecasting import ForecastParameters, ModelParameters, TuningParameters
from triptych.pipelines.ts_common.periods import StudyPeriods
from triptych.pipelines.ts_common.study import (
    Forecasters,
    backtest_test_period,
    backtests,
    between,
    calibrate,
    fit_forecasters,
    study_leads,
)


def tune_models(
    history: pd.DataFrame,
    periods: StudyPeriods,
    models: ModelParameters,
    tuning: TuningParameters,
    seed: int,
) -> dict[str, Any]:
    """Search hyperparameters: fitted on the training period, judged on validation.

    Returns:
        `tuned_parameters`: parameters by model; `tuning_trials`: one row a trial;
        `tuning_trial_metrics`: the same as metrics, step = number of the trial.
    """
    known = between(history, periods.train_start, periods.test_start)
    parameters = {name: dict(models.learned[name]) for name in models.learned}
    trials = [trials_table([])]
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
        trials.append(tried)
    table = pd.concat(trials, ignore_index=True)
    return {
        "tuned_parameters": parameters,
        "tuning_trials": table,
        "tuning_trial_metrics": trial_metrics(table),
    }


def validate_models(
    history: pd.DataFrame,
    periods: StudyPeriods,
    tuned_parameters: dict[str, dict[str, Any]],
    horizon_days: int,
    forecast: ForecastParameters,
    seed: int,
    engine: EngineParameters = SERIAL,
) -> dict[str, Any]:
    """Fit on the training period and forecast every day of validation.

    Returns:
        `learned_validation_forecasts`, with `observed` and `model`: their errors give the intervals
        their widths and the choice its ground; `ensemble_weights`, learned from them, by model and
        lead.
    """
    known = between(history, periods.train_start, periods.test_start)
    fitted = fit_forecasters(
        known, periods.validation_start, tuned_parameters, horizon_days, forecast, seed
    )
    leads = study_leads(horizon_days, forecast)
    members = backtests(fitted, known, periods.validation_start, periods.test_start, leads, engine)
    crossed = cross_fitted(members, list(tuned_parameters), EnsembleForecaster.name)
    return {
        "learned_validation_forecasts": pd.concat([members, crossed], ignore_index=True),
        "ensemble_weights": learn_weights(members, list(tuned_parameters)),
    }


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
    members = [fitted[name] for name in tuned_parameters]
    ensemble = EnsembleForecaster.of_fitted(members, ensemble_weights)
    return calibrate({**fitted, ensemble.name: ensemble}, validation_forecasts)


def backtest_models(
    fitted_models: Forecasters,
    history: pd.DataFrame,
    periods: StudyPeriods,
    horizon_days: int,
    engine: EngineParameters = SERIAL,
) -> pd.DataFrame:
    """Forecast every day of the test period, all models from the same origins.

    Returns:
        Forecasts with intervals, `observed` and `model`.
    """
    return backtest_test_period(fitted_models, history, periods, horizon_days, engine)


def compare_learned(
    learned_test_forecasts: pd.DataFrame, history: pd.DataFrame, periods: StudyPeriods
) -> pd.DataFrame:
    """Put baselines and learned models in one table, on the same targets.

    Returns:
        The columns of forecasting.metrics.score.
    """
    return score(learned_test_forecasts, between(history, periods.train_start, periods.test_start))
