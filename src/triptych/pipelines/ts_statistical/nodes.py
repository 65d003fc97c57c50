"""Search the orders of the statistical forecasters, and describe what was estimated."""

import logging
from dataclasses import asdict
from typing import Any

import pandas as pd

from triptych.execution.batches import SERIAL, map_items
from triptych.forecasting.errors import ShortHistoryError
from triptych.forecasting.evaluation.tuning import trial_metrics, trials_table, tune
from triptych.forecasting.models.arima import StatisticalForecaster
from triptych.forecasting.models.fit_cache import FitCache
from triptych.parameters.execution import EngineParameters
from triptych.parameters.forecasting import StatisticalParameters
from triptych.pipelines.ts_common.family import Forecasters
from triptych.pipelines.ts_common.periods import StudyPeriods
from triptych.pipelines.ts_common.study import between

logger = logging.getLogger(__name__)

PROCESS_COLUMNS = (
    "model",
    "location",
    "method",
    "ar",
    "ma",
    "seasonal_ar",
    "seasonal_ma",
    "parameters",
    "aic",
    "reason",
)


def select_orders(
    history: pd.DataFrame,
    periods: StudyPeriods,
    statistical: StatisticalParameters,
    engine: EngineParameters = SERIAL,
) -> dict[str, Any]:
    """Search orders and harmonics: fitted on the training period, evaluated on validation.

    Returns:
        `statistical_parameters`: parameters by model; `order_trials`: one row a candidate;
        `order_trial_metrics`: the same as metrics, step = number of the candidate;
        `estimated_processes`: what the fits after the search need not estimate again.
    """
    known = between(history, periods.train_start, periods.test_start)
    parameters: dict[str, dict[str, Any]] = {}
    trials = [trials_table([])]
    estimates = FitCache()
    estimates.map_parts = map_items(engine, "Estimating processes")
    for name, given in statistical.models.items():
        parameters[name] = dict(given)
        try:
            parameters[name], tried = tune(
                name,
                known,
                periods.validation_start,
                periods.test_start,
                trials=statistical.trials,
                base_parameters=given,
                estimates=estimates,
            )
        except ShortHistoryError as error:
            logger.warning("The orders of %s are not searched: %s", name, error)
            continue
        trials.append(tried)
    table = pd.concat(trials, ignore_index=True)
    return {
        "statistical_parameters": parameters,
        "order_trials": table,
        "order_trial_metrics": trial_metrics(table),
        "estimated_processes": estimates.stored(),
    }


def describe_processes(fitted_statistical: Forecasters) -> pd.DataFrame:
    """List what was estimated for each location, and where a fallback stands in.

    Returns:
        PROCESS_COLUMNS, one row a model and location; `reason` is empty where the estimation went
        as asked.
    """
    rows = [
        {
            "model": name,
            "location": location,
            "method": process.method,
            **asdict(process.orders),
            "parameters": " ".join(f"{value:.6g}" for value in process.parameters),
            "aic": process.aic,
            "reason": process.reason,
        }
        for name, forecaster in fitted_statistical.items()
        if isinstance(forecaster, StatisticalForecaster)
        for location, process in forecaster.processes.items()
    ]
    return pd.DataFrame(rows, columns=list(PROCESS_COLUMNS))
