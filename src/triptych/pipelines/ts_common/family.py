"""The study of one family of forecasters: validation, fit, backtest, comparison."""

import logging
from typing import Any

import pandas as pd

from triptych.execution.batches import SERIAL
from triptych.forecasting.contract import STEP_HOURS, STEPS_PER_DAY
from triptych.forecasting.evaluation.conformal import (
    RECENT_DAYS,
    scale_to_recent_errors,
    with_bounds,
)
from triptych.forecasting.evaluation.metrics import score
from triptych.forecasting.models.factory import BASELINE_NAMES
from triptych.forecasting.models.fit_cache import FitCache
from triptych.parameters.execution import EngineParameters
from triptych.pipelines.ts_common.periods import StudyPeriods
from triptych.pipelines.ts_common.study import (
    Forecasters,
    backtests,
    between,
    calibrate,
    fit_forecasters,
)

logger = logging.getLogger(__name__)


def forecast_baselines(
    history: pd.DataFrame,
    periods: StudyPeriods,
    horizon_days: int,
    data_ages: list[int],
    seed: int,
    engine: EngineParameters = SERIAL,
) -> dict[str, Any]:
    """Forecast validation and test period with every baseline.

    Returns:
        `baseline_validation_forecasts`; `baseline_test_forecasts`, with intervals.
    """
    names: dict[str, dict[str, Any]] = {name: {} for name in BASELINE_NAMES}
    lead = (horizon_days, data_ages)
    validation = validate_family(history, periods, names, *lead, seed, engine=engine)
    fitted = fit_family(history, periods, names, validation, *lead, seed, engine)
    test = backtest_family(fitted, history, periods, validation, *lead, engine)
    return {"baseline_validation_forecasts": validation, "baseline_test_forecasts": test}


def validate_family(
    history: pd.DataFrame,
    periods: StudyPeriods,
    parameters: dict[str, dict[str, Any]],
    horizon_days: int,
    data_ages: list[int],
    seed: int,
    estimated_processes: dict[str, dict[str, Any]] | None = None,
    engine: EngineParameters = SERIAL,
) -> pd.DataFrame:
    """Fit models on the training period and forecast every day of validation.

    Args:
        parameters: hyperparameters by model.
        data_ages: hours between the last observation and the issue time, each in turn.
        estimated_processes: those that the fits need not estimate again (FitCache.stored).

    Returns:
        Forecasts with `observed`, `data_age` and `model`.
    """
    known = between(history, periods.train_start, periods.test_start)
    estimates = FitCache.of(estimated_processes or {})
    fitted = fit_forecasters(
        known, periods.validation_start, parameters, _max_lead(horizon_days, data_ages), seed,
        estimates, engine,
    )  # fmt: skip
    start, end = periods.validation_start, periods.test_start
    made = backtests(fitted, known, start, end, horizon_days, data_ages, engine)
    able = made.groupby("model")["mean"].transform("count") > 0
    for name in made.loc[~able, "model"].unique():
        logger.warning("%s is left out: it has no forecast in the validation period", name)
    return made[able].reset_index(drop=True)


def fit_family(
    history: pd.DataFrame,
    periods: StudyPeriods,
    parameters: dict[str, dict[str, Any]],
    validation_forecasts: pd.DataFrame,
    horizon_days: int,
    data_ages: list[int],
    seed: int,
    engine: EngineParameters = SERIAL,
) -> Forecasters:
    """Fit models on all data before the test period; intervals come from validation."""
    known = between(history, periods.train_start, periods.test_start)
    able = {n: own for n, own in parameters.items() if n in set(validation_forecasts["model"])}
    lead = _max_lead(horizon_days, data_ages)
    fitted = fit_forecasters(known, periods.test_start, able, lead, seed, engine=engine)
    return calibrate(fitted, validation_forecasts)


def backtest_family(
    forecasters: Forecasters,
    history: pd.DataFrame,
    periods: StudyPeriods,
    validation_forecasts: pd.DataFrame,
    horizon_days: int,
    data_ages: list[int],
    engine: EngineParameters = SERIAL,
) -> pd.DataFrame:
    """Forecast every day of the test period, all models from the same origins.

    Returns:
        Forecasts with `observed`, `data_age`, `model` and intervals that follow the errors of the
        weeks before each issue time, in the beginning those of validation.
    """
    known = between(history, periods.train_start, periods.test_end)
    start, end = periods.test_start, periods.test_end
    made = backtests(forecasters, known, start, end, horizon_days, data_ages, engine)
    since = start - pd.Timedelta(days=2 * RECENT_DAYS)
    before = validation_forecasts[validation_forecasts["as_of"] >= since]
    scaled = []
    for name, forecaster in forecasters.items():
        known_errors = before[before["model"] == name]
        if forecaster.intervals is not None:
            known_errors = with_bounds(known_errors, forecaster.intervals)
        own = pd.concat([known_errors, made[made["model"] == name]], ignore_index=True)
        table = scale_to_recent_errors(own)
        scaled.append(table[table["as_of"] >= start])
    return pd.concat(scaled, ignore_index=True) if scaled else made


def compare_family(
    baseline_test_forecasts: pd.DataFrame,
    test_forecasts: pd.DataFrame,
    history: pd.DataFrame,
    periods: StudyPeriods,
) -> pd.DataFrame:
    """Score baselines and a family's models on the same targets.

    Returns:
        metrics.SCORE_COLUMNS.
    """
    training = between(history, periods.train_start, periods.test_start)
    forecasts = pd.concat([baseline_test_forecasts, test_forecasts], ignore_index=True)
    return score(forecasts, training)


def _max_lead(horizon_days: int, data_ages: list[int]) -> int:
    """The longest lead counted from the end of the observations."""
    return horizon_days * STEPS_PER_DAY + max(data_ages) // STEP_HOURS
