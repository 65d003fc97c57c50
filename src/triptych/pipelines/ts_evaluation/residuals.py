"""The tables of the residual analysis, of every model and location."""

import pandas as pd

from triptych.forecasting.evaluation import residuals as analysis
from triptych.forecasting.evaluation.innovation_tests import (
    ACF_COLUMNS,
    TEST_COLUMNS,
    check_innovations,
    innovation_autocorrelations,
)
from triptych.forecasting.models.arima import StatisticalForecaster
from triptych.pipelines.ts_common.family import Forecasters
from triptych.pipelines.ts_common.periods import StudyPeriods
from triptych.pipelines.ts_common.study import between


def summarise_residuals(test_forecasts: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Describe the day-ahead errors of every model on the test period.

    Returns:
        `residual_summary`: residuals.SUMMARY_COLUMNS; `residuals_by_time`: errors by
        hour, season and lead, residuals.GROUP_COLUMNS.
    """
    residuals = analysis.forecast_residuals(test_forecasts)
    return {
        "residual_summary": analysis.summarise(residuals),
        "residuals_by_time": analysis.by_time(residuals),
    }


def examine_innovations(
    fitted_statistical: Forecasters, history: pd.DataFrame, periods: StudyPeriods
) -> dict[str, pd.DataFrame]:
    """Test the one-step errors of the statistical models over the years that they were fitted on.

    Returns:
        `innovation_tests`: `model` and innovation_tests.TEST_COLUMNS;
        `innovation_autocorrelations`: `model, location, lag, autocorrelation, n`. One model's
        innovations are in memory at a time. Both are empty where there is no such model.
    """
    known = between(history, periods.train_start, periods.test_start)
    tests, correlations = [], []
    for name, forecaster in fitted_statistical.items():
        if not isinstance(forecaster, StatisticalForecaster):
            continue
        innovations = forecaster.innovations(known)
        counts = {place: len(p.parameters) for place, p in forecaster.processes.items()}
        tests.append(check_innovations(innovations, counts).assign(model=name))
        correlations.append(innovation_autocorrelations(innovations).assign(model=name))
    return {
        "innovation_tests": _together(tests, TEST_COLUMNS),
        "innovation_autocorrelations": _together(correlations, ACF_COLUMNS),
    }


def _together(tables: list[pd.DataFrame], columns: tuple[str, ...]) -> pd.DataFrame:
    order = ["model", *columns]
    return pd.concat(tables, ignore_index=True)[order] if tables else pd.DataFrame(columns=order)
