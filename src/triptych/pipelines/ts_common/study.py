"""The periods, locations and rows of a study of forecasters."""

import logging
from dataclasses import replace
from typing import Any

import pandas as pd

from triptych.classification.sources import listed
from triptych.errors import PipelineError
from triptych.forecasting.contract import STEP
from triptych.forecasting.features.grid import MIN_TRAINING_DAYS
from triptych.parameters.forecasting import ForecastParameters
from triptych.pipelines.ts_common.periods import DAY, StudyPeriods, parse_as_of, study_periods
from triptych.registry.provenance import frame_sha256
from triptych.registry.snapshots import TrainingRows

logger = logging.getLogger(__name__)


def plan_study(
    history: pd.DataFrame, as_of: str, forecast: ForecastParameters, horizon_days: int
) -> dict[str, Any]:
    """Fix the `study_periods`, and leave out of the `study_history` the locations whose data do not
    cover them; PipelineError if none does. The test period ends with the data: a source is late.
    """
    periods = study_periods(parse_as_of(as_of), forecast)
    spans = _spans(history)
    covered = (spans["min"] < periods.validation_start) & (spans["max"] >= periods.test_start)
    known = _spans(between(history, periods.train_start, periods.validation_start))
    enough = known["min"] + pd.Timedelta(days=MIN_TRAINING_DAYS) <= known["max"] + STEP
    kept = spans[covered & enough.reindex(spans.index, fill_value=False)]
    if kept.empty:  # where the years are too few, the fit says so
        kept = spans[covered]
    if kept.empty:
        found = "there are no temperatures"
        if len(spans):
            slug, first, last = next(spans.itertuples())
            found = f"the data of {slug} span {first:%Y-%m-%d} to {last:%Y-%m-%d}"
        raise PipelineError(
            f"The study trains from {periods.train_start:%Y-%m-%d}, validates from "
            f"{periods.validation_start:%Y-%m-%d} and tests from {periods.test_start:%Y-%m-%d}, "
            f"but {found}. Name other dates in forecast.*, or ingest more."
        )
    left_out = sorted(set(history["location"].unique()) - set(kept.index))
    if left_out:
        logger.warning(
            f"{listed(left_out)}: left out of the study, which needs {MIN_TRAINING_DAYS} days of "
            f"temperatures before {periods.validation_start:%Y-%m-%d} and some from "
            f"{periods.test_start:%Y-%m-%d} on"
        )
        history = history[history["location"].isin(kept.index)].reset_index(drop=True)
    known_until = kept["max"].max() + STEP
    test_end = min(periods.test_end, known_until.floor(DAY))
    ages = tuple(forecast.data_ages)
    planned = replace(periods, test_end=test_end, horizon_days=horizon_days, data_ages=ages)
    return {"study_periods": planned, "study_history": history}


def _spans(history: pd.DataFrame) -> pd.DataFrame:
    """The first and the last step with a temperature, `min` and `max`, by location."""
    known = history[history["temperature_2m"].notna()]
    return known.groupby("location")["time"].agg(["min", "max"])


def keep_training_rows(history: pd.DataFrame, periods: StudyPeriods) -> TrainingRows:
    """Snapshot the rows of the study, so that it can be reproduced after corrections."""
    return TrainingRows(history, frame_sha256(history[history["time"] >= periods.train_start]))


def between(history: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    """The rows of a history in [start, end)."""
    return history[(history["time"] >= start) & (history["time"] < end)]
