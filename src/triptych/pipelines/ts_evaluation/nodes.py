"""Join both families, choose on validation, and compare all on the test period once."""

import logging
from typing import Any

import pandas as pd

from triptych.errors import PipelineError
from triptych.forecasting.evaluation import residuals as analysis
from triptych.forecasting.evaluation.metrics import ALL, DAY, at_served_age, breakdown, rank, score
from triptych.forecasting.evaluation.paired_tests import paired_tests
from triptych.forecasting.models.arima import StatisticalForecaster
from triptych.forecasting.models.ensemble import (
    EnsembleForecaster,
    EnsembleOfAllForecaster,
    cross_fitted,
    learn_weights,
    weighted_mean,
)
from triptych.forecasting.models.factory import BASELINE_NAMES
from triptych.pipelines.ts_common.family import Forecasters, calibrate, scale_intervals
from triptych.pipelines.ts_common.periods import StudyPeriods
from triptych.pipelines.ts_common.study import between

logger = logging.getLogger(__name__)

Weights = dict[str, dict[str, list[float]]]  # by ensemble, model and lead

ENSEMBLES = {kind.name: kind for kind in (EnsembleForecaster, EnsembleOfAllForecaster)}


def join_validation(
    baseline_validation_forecasts: pd.DataFrame,
    learned_validation_forecasts: pd.DataFrame,
    statistical_validation_forecasts: pd.DataFrame,
) -> dict[str, Any]:
    """Join all validation forecasts, and add ensembles of the learned and of all forecasters."""
    families = [learned_validation_forecasts, statistical_validation_forecasts]
    joined = pd.concat([baseline_validation_forecasts, *families], ignore_index=True)
    learned = list(learned_validation_forecasts["model"].unique())
    every = [*statistical_validation_forecasts["model"].unique(), *learned]
    members = {name: own for name, own in zip(ENSEMBLES, (learned, every), strict=True) if own}
    weights = {name: learn_weights(joined, own) for name, own in members.items()}
    crossed = [cross_fitted(joined, own, name) for name, own in members.items()]
    joined = pd.concat([joined, *crossed], ignore_index=True)
    return {"validation_forecasts": joined, "ensemble_weights": weights}


def choose_model(
    validation_forecasts: pd.DataFrame, history: pd.DataFrame, periods: StudyPeriods
) -> dict[str, Any]:
    """Choose the model, no baseline, of least day-ahead validation error at the served data age."""
    training = between(history, periods.train_start, periods.validation_start)
    comparison = score(at_served_age(validation_forecasts), training)
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
    ensemble_weights: Weights,
    validation_forecasts: pd.DataFrame,
    periods: StudyPeriods,
) -> Forecasters:
    """Join the fitted models of both families, which must be of this study, and build ensembles."""
    fitted = {**fitted_statistical, **fitted_learned}
    for name, forecaster in fitted.items():
        if forecaster.train_end != periods.test_start:
            raise PipelineError(
                f"The model {name} was fitted on what lies before {forecaster.train_end:%Y-%m-%d}, "
                f"but this study tests from {periods.test_start:%Y-%m-%d}. Fit both families on "
                "this study first: kedro run --pipelines ts_statistical,ts_ml,ts_evaluation with "
                "the same --params."
            )
    ensembles: Forecasters = {
        name: ENSEMBLES[name].of_fitted([fitted[member] for member in weights], weights)
        for name, weights in ensemble_weights.items()
    }
    return {**fitted, **calibrate(ensembles, validation_forecasts)}


def join_tests(
    baseline_test_forecasts: pd.DataFrame,
    learned_test_forecasts: pd.DataFrame,
    statistical_test_forecasts: pd.DataFrame,
    fitted_models: Forecasters,
    ensemble_weights: Weights,
    validation_forecasts: pd.DataFrame,
    periods: StudyPeriods,
) -> dict[str, pd.DataFrame]:
    """Join all test forecasts, and add both ensembles; `test_forecasts`: at the served data age."""
    families = [baseline_test_forecasts, learned_test_forecasts, statistical_test_forecasts]
    singles = pd.concat(families, ignore_index=True)
    means = [weighted_mean(singles, own, name) for name, own in ensemble_weights.items()]
    ensembles = {name: fitted_models[name] for name in ensemble_weights}
    mixed = pd.concat([singles.iloc[:0], *means], ignore_index=True)
    mixed = scale_intervals(mixed, ensembles, validation_forecasts, periods)
    joined = pd.concat([singles, mixed], ignore_index=True)
    return {"test_forecasts_by_age": joined, "test_forecasts": at_served_age(joined)}


def compare_models(
    test_forecasts_by_age: pd.DataFrame,
    test_forecasts: pd.DataFrame,
    history: pd.DataFrame,
    periods: StudyPeriods,
) -> dict[str, pd.DataFrame]:
    """Score all models on the same targets: by data age and lead, by month and hour, as metrics."""
    training = between(history, periods.train_start, periods.test_start)
    comparison = score(test_forecasts_by_age, training)
    served = at_served_age(comparison)
    by_lead = served[served["lead"].str.isdigit()].melt(
        ["model", "location", "lead"], ["rmse", "mae", "coverage"], var_name="error"
    )
    metric = by_lead["model"] + "." + by_lead["location"] + "." + by_lead["error"]
    day = served[(served["lead"] == DAY) & (served["location"] == ALL)]
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
    """Test whether the chosen model is really better than each other one, baselines last."""
    chosen, *others = model_ranking
    return paired_tests(test_forecasts, chosen, [*others, *BASELINE_NAMES], seed)


def summarise_residuals(test_forecasts: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Describe the day-ahead errors of every model on the test period."""
    residuals = analysis.forecast_residuals(test_forecasts)
    return {
        "residual_summary": analysis.summarise(residuals),
        "residuals_by_time": analysis.by_time(residuals),
    }


def examine_innovations(
    fitted_statistical: Forecasters, history: pd.DataFrame, periods: StudyPeriods
) -> dict[str, pd.DataFrame]:
    """Test the one-step errors of the statistical models over the years they were fitted on."""
    known = between(history, periods.train_start, periods.test_start)
    tests, correlations = [], []
    for name, forecaster in fitted_statistical.items():
        if not isinstance(forecaster, StatisticalForecaster):
            continue
        innovations = forecaster.innovations(known)
        counts = {place: len(p.parameters) for place, p in forecaster.processes.items()}
        tests.append(analysis.check_innovations(innovations, counts).assign(model=name))
        correlations.append(analysis.innovation_autocorrelations(innovations).assign(model=name))
    return {
        "innovation_tests": _together(tests, analysis.TEST_COLUMNS),
        "innovation_autocorrelations": _together(correlations, analysis.ACF_COLUMNS),
    }


def _together(tables: list[pd.DataFrame], columns: tuple[str, ...]) -> pd.DataFrame:
    order = ["model", *columns]
    return pd.concat(tables, ignore_index=True)[order] if tables else pd.DataFrame(columns=order)
