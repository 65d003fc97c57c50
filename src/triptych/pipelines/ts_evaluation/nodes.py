"""Join both families, choose on validation, and compare all on the test period once."""

import logging
from typing import Any

import pandas as pd

from triptych.errors import PipelineError
from triptych.execution.batches import SERIAL
from triptych.forecasting.evaluation.metrics import ALL, DAY, breakdown, rank, score
from triptych.forecasting.evaluation.paired_tests import paired_tests
from triptych.forecasting.models.ensemble import (
    EnsembleOfAllForecaster,
    cross_fitted,
    learn_weights,
)
from triptych.forecasting.models.factory import BASELINE_NAMES
from triptych.parameters.execution import EngineParameters
from triptych.pipelines.ts_common.periods import StudyPeriods
from triptych.pipelines.ts_common.study import Forecasters, backtest_test_period, between, calibrate

logger = logging.getLogger(__name__)

ENSEMBLE = EnsembleOfAllForecaster.name


def join_validation(
    learned_validation_forecasts: pd.DataFrame,
    statistical_validation_forecasts: pd.DataFrame,
    tuned_parameters: dict[str, Any],
    statistical_parameters: dict[str, Any],
) -> dict[str, Any]:
    """Put the validation forecasts of both families in one table, and add the ensemble of all.

    Returns:
        `validation_forecasts`, with `observed` and `model`; `ensemble_all_weights`, by model and
        lead.
    """
    joined = _join(learned_validation_forecasts, statistical_validation_forecasts)
    members = [*statistical_parameters, *tuned_parameters]
    crossed = cross_fitted(joined, members, ENSEMBLE)
    return {
        "validation_forecasts": pd.concat([joined, crossed], ignore_index=True),
        "ensemble_all_weights": learn_weights(joined, members),
    }


def choose_model(
    validation_forecasts: pd.DataFrame, history: pd.DataFrame, periods: StudyPeriods
) -> dict[str, Any]:
    """Score the validation forecasts and take the model of least day-ahead error.

    Returns:
        `chosen_model`: its name; `model_ranking`: all models but the baselines, best first;
        `validation_comparison`: the scores that ranked them.
    """
    training = between(history, periods.train_start, periods.validation_start)
    comparison = score(validation_forecasts, training)
    candidates = [name for name in comparison["model"].unique() if name not in BASELINE_NAMES]
    ranking = rank(comparison, candidates)
    logger.info("Chosen on validation: %s", ranking[0])
    return {
        "chosen_model": ranking[0],
        "model_ranking": ranking,
        "validation_comparison": comparison,
    }


def join_models(
    fitted_learned: Forecasters,
    fitted_statistical: Forecasters,
    ensemble_all_weights: dict[str, list[float]],
    validation_forecasts: pd.DataFrame,
    periods: StudyPeriods,
) -> Forecasters:
    """Join the fitted models of both families, and make the ensemble of all from them.

    Raises:
        PipelineError: the models are those of another study.
    """
    fitted = {**fitted_statistical, **fitted_learned}
    for name, forecaster in fitted.items():
        if forecaster.train_end != periods.test_start:
            raise PipelineError(
                f"The model {name} was fitted on what lies before {forecaster.train_end:%Y-%m-%d}, "
                f"but this study tests from {periods.test_start:%Y-%m-%d}. Fit both families on "
                "this study first: kedro run --pipelines ts_statistical,ts_ml,ts_evaluation with "
                "the same --params."
            )
    members = [fitted[name] for name in ensemble_all_weights]
    ensemble = EnsembleOfAllForecaster.of_fitted(members, ensemble_all_weights)
    return {**fitted, **calibrate({ENSEMBLE: ensemble}, validation_forecasts)}


def join_tests(
    learned_test_forecasts: pd.DataFrame,
    statistical_test_forecasts: pd.DataFrame,
    fitted_models: Forecasters,
    history: pd.DataFrame,
    periods: StudyPeriods,
    horizon_days: int,
    engine: EngineParameters = SERIAL,
) -> pd.DataFrame:
    """Put the test forecasts of both families in one table, and add the ensemble of all.

    Returns:
        Forecasts with intervals, `observed` and `model`.
    """
    ensemble = {ENSEMBLE: fitted_models[ENSEMBLE]}
    whole = backtest_test_period(ensemble, history, periods, horizon_days, engine)
    joined = _join(learned_test_forecasts, statistical_test_forecasts)
    return pd.concat([joined, whole], ignore_index=True)


def compare_models(
    test_forecasts: pd.DataFrame, history: pd.DataFrame, periods: StudyPeriods
) -> dict[str, pd.DataFrame]:
    """Put all models in one table, on the same targets.

    Returns:
        `forecast_comparison`, by lead; `error_by_time`, by month and hour; `error_by_lead`: RMSE,
        MAE and coverage as metrics, step = lead; `day_ahead_errors`: one RMSE a model, of leads 1-8
        and all locations, as metrics.
    """
    training = between(history, periods.train_start, periods.test_start)
    comparison = score(test_forecasts, training)
    by_lead = comparison[comparison["lead"].str.isdigit()].melt(
        ["model", "location", "lead"], ["rmse", "mae", "coverage"], var_name="error"
    )
    metric = by_lead["model"] + "." + by_lead["location"] + "." + by_lead["error"]
    day = comparison[(comparison["lead"] == DAY) & (comparison["location"] == ALL)]
    return {
        "forecast_comparison": comparison,
        "error_by_time": breakdown(test_forecasts, training),
        "error_by_lead": by_lead.assign(metric=metric, step=by_lead["lead"].astype(int)),
        "day_ahead_errors": pd.DataFrame(
            {"metric": "day_rmse/" + day["model"], "step": 0, "value": day["rmse"]}
        ),
    }


def compare_pairs(
    test_forecasts: pd.DataFrame, model_ranking: list[str], seed: int
) -> pd.DataFrame:
    """Test whether the chosen model is really better than each other one.

    Returns:
        The rows of forecasting.paired.paired_tests; the second best on validation comes first,
        baselines last.
    """
    chosen, *others = model_ranking
    return paired_tests(test_forecasts, chosen, [*others, *BASELINE_NAMES], seed)


def _join(learned: pd.DataFrame, statistical: pd.DataFrame) -> pd.DataFrame:
    """Both families; the baselines, which each has for itself, once."""
    own = statistical[~statistical["model"].isin(BASELINE_NAMES)]
    return pd.concat([learned, own], ignore_index=True)
