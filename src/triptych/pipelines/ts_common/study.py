"""What every study of forecasters shares: its periods, its fits, its backtests."""

import logging
from dataclasses import replace
from typing import Any

import pandas as pd

from triptych.errors import PipelineError
from triptych.execution.batches import SERIAL, map_batches, map_items, split_locations
from triptych.forecasting.contract import FORECAST_COLUMNS, STEPS_PER_DAY
from triptych.forecasting.errors import ShortHistoryError
from triptych.forecasting.evaluation.backtest import backtest_part, parts_of
from triptych.forecasting.evaluation.conformal import learn_intervals
from triptych.forecasting.models.arima import share_fit_cache
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.batched_fit import BatchedForecaster, fit_part
from triptych.forecasting.models.factory import make_forecaster
from triptych.forecasting.models.fit_cache import FitCache
from triptych.forecasting.models.validation import MIN_TRAINING_DAYS
from triptych.parameters.execution import EngineParameters
from triptych.parameters.forecasting import ForecastParameters
from triptych.pipelines.ts_common.location_selection import shown
from triptych.pipelines.ts_common.periods import DAY, STEP, StudyPeriods, parse_as_of, study_periods
from triptych.registry.provenance import frame_sha256
from triptych.registry.snapshots import TrainingRows

logger = logging.getLogger(__name__)

Forecasters = dict[str, PanelForecaster]


def plan_study(
    history: pd.DataFrame, as_of: str, today: str, forecast: ForecastParameters
) -> dict[str, Any]:
    """Fix the periods, and leave out the locations whose data do not cover them.

    The test period ends with the data: a source is days late, and what it does not have yet can
    neither be forecast from nor be compared with.

    Returns:
        `study_periods`; `study_history`: the history of the locations of the study.

    Raises:
        PipelineError: the data of every location start too late, or end before the test period.
    """
    periods = study_periods(parse_as_of(as_of, today), forecast)
    spans = _spans(history)
    covered = (spans["min"] < periods.validation_start) & (spans["max"] >= periods.test_start)
    known = _spans(between(history, periods.train_start, periods.validation_start))
    enough = known["min"] + pd.Timedelta(days=MIN_TRAINING_DAYS) <= known["max"] + STEP
    kept = spans[covered & enough.reindex(spans.index, fill_value=False)]
    if kept.empty:  # where the years are too few, the fit says so
        kept = spans[covered]
    if kept.empty:
        raise PipelineError(_not_covered(periods, spans))
    left_out = sorted(set(history["location"]) - set(kept.index))
    if left_out:
        logger.warning(
            "%s: left out of the study, which needs %s days of temperatures before %s and some "
            "from %s on",
            *(shown(left_out), MIN_TRAINING_DAYS),
            *(f"{start:%Y-%m-%d}" for start in (periods.validation_start, periods.test_start)),
        )
        history = history[history["location"].isin(kept.index)].reset_index(drop=True)
    known_until = kept["max"].max() + STEP
    test_end = min(periods.test_end, known_until.floor(DAY))
    return {"study_periods": replace(periods, test_end=test_end), "study_history": history}


def _spans(history: pd.DataFrame) -> pd.DataFrame:
    """The first and the last step with a temperature, `min` and `max`, by location."""
    known = history[history["temperature_2m"].notna()]
    return known.groupby("location")["time"].agg(["min", "max"])


def _not_covered(periods: StudyPeriods, spans: pd.DataFrame) -> str:
    found = "there are no temperatures"
    if len(spans):
        slug, first, last = next(spans.itertuples())
        found = f"the data of {slug} span {first:%Y-%m-%d} to {last:%Y-%m-%d}"
    return (
        f"The study trains from {periods.train_start:%Y-%m-%d}, validates from "
        f"{periods.validation_start:%Y-%m-%d} and tests from {periods.test_start:%Y-%m-%d}, but "
        f"{found}. Name other dates in forecast.*, or ingest more."
    )


def keep_training_rows(history: pd.DataFrame, periods: StudyPeriods) -> TrainingRows:
    """Keep what the study knows, so that it can be made again when the source has corrected it."""
    return TrainingRows(history, frame_sha256(history[history["time"] >= periods.train_start]))


def between(history: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    """The rows of a history in [start, end)."""
    return history[(history["time"] >= start) & (history["time"] < end)]


def fit_forecasters(
    history: pd.DataFrame,
    until: pd.Timestamp,
    parameters: dict[str, dict[str, Any]],
    max_lead: int,
    seed: int,
    estimates: FitCache | None = None,
    engine: EngineParameters = SERIAL,
) -> Forecasters:
    """Fit the models named in `parameters` on the data before `until`.

    A model for which the history is too short is left out with a warning. Processes in `estimates`
    are not estimated again, nor one that two models share.
    """
    known = FitCache() if estimates is None else estimates
    known.map_parts = map_items(engine, "Estimating processes")
    training = history[history["time"] < until]
    fitted: Forecasters = {}
    for name, own in parameters.items():
        logger.info("Fitting %s on the data before %s", name, until.date())
        forecaster = make_forecaster(name, own, max_lead=max_lead, seed=seed)
        try:
            fitted[name] = fit_in_batches(share_fit_cache(forecaster, known), training, engine)
        except ShortHistoryError as error:
            logger.warning("%s is left out: %s", name, error)
    return fitted


def fit_in_batches(
    forecaster: PanelForecaster, history: pd.DataFrame, engine: EngineParameters
) -> PanelForecaster:
    """Fit by batches of locations what can be joined from them, the others on the whole."""
    parts = split_locations(history, engine.batch_locations)
    if len(parts) == 1 or not (isinstance(forecaster, BatchedForecaster) and forecaster.batchable):
        return forecaster.fit(history)
    doing = f"Fitting {forecaster.name}"
    return forecaster.join(map_batches(fit_part, parts, engine, doing, forecaster))


def backtests(
    forecasters: Forecasters,
    history: pd.DataFrame,
    start: pd.Timestamp,
    end: pd.Timestamp,
    horizon_days: int,
    data_ages: list[int],
    engine: EngineParameters = SERIAL,
) -> pd.DataFrame:
    """Forecast every day of [start, end) from the same origins, at each data age.

    Returns:
        Forecasts with `observed`, `data_age` and `model`.
    """
    leads = range(1, horizon_days * STEPS_PER_DAY + 1)
    tables = []
    for name, forecaster in forecasters.items():
        parts = parts_of(forecaster, history, engine.batch_locations)
        doing = f"Backtest of {name}"
        for age in data_ages:
            made = map_batches(
                backtest_part, parts, engine, doing, forecaster, start, end, leads, age
            )
            tables += [table.assign(model=name) for table in made]
    return pd.concat(tables, ignore_index=True) if tables else no_forecasts()


def no_forecasts() -> pd.DataFrame:
    """Return the empty frame of a family without a forecaster."""
    columns = [*FORECAST_COLUMNS, "observed", "data_age", "model", "scale"]
    instants = dict.fromkeys(("as_of", "time"), "datetime64[us, UTC]")
    numbers = dict.fromkeys(("mean", "lower", "upper", "observed", "scale"), "float64")
    counts = dict.fromkeys(("lead", "data_age"), "int64")
    return pd.DataFrame(columns=columns).astype({**instants, **numbers, **counts})


def calibrate(forecasters: Forecasters, validation_forecasts: pd.DataFrame) -> Forecasters:
    """Give each forecaster the intervals that its errors on validation ask for."""
    for name, forecaster in forecasters.items():
        forecaster.intervals = learn_intervals(
            validation_forecasts[validation_forecasts["model"] == name]
        )
    return forecasters
