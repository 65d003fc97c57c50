"""Search the orders of the statistical forecasters, and describe what was estimated."""

from dataclasses import asdict
from functools import partial
from typing import Any

import pandas as pd

from triptych.execution.batches import SERIAL, map_items
from triptych.forecasting.models.arima import StatisticalForecaster
from triptych.parameters.forecasting import EngineParameters, StatisticalParameters
from triptych.pipelines.ts_common.family import Forecasters, search_parameters
from triptych.pipelines.ts_common.periods import StudyPeriods

PROCESS_COLUMNS = (
    "model", "location", "method", "ar", "ma", "seasonal_ar", "seasonal_ma", "parameters", "aic",
    "reason",
)  # fmt: skip


def select_orders(
    history: pd.DataFrame,
    periods: StudyPeriods,
    statistical: StatisticalParameters,
    engine: EngineParameters = SERIAL,
) -> dict[str, Any]:
    """Search orders and harmonics: fitted on the training period, evaluated on validation."""
    models, trials = statistical.models, statistical.trials
    found = search_parameters(
        models, models, history, periods, trials=trials, map_parts=partial(map_items, engine)
    )
    outputs = ("statistical_parameters", "order_trials", "order_trial_metrics")
    return dict(zip(outputs, found, strict=True))


def describe_processes(fitted_statistical: Forecasters) -> pd.DataFrame:
    """List the estimated process of each model and location, with the reason of a fallback."""
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
