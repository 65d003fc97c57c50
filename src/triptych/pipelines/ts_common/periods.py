"""When: the instant a forecast is issued, and the periods of a study."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from triptych.errors import ParameterError
from triptych.forecasting.contract import STEP, STEP_HOURS, STEPS_PER_DAY
from triptych.parameters.forecasting import ForecastParameters

DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class StudyPeriods:
    """Half-open periods [start, next start) in UTC, and what is forecast in them every day:
    `horizon_days` days at each of the `data_ages` (hours between last observation and issue time).
    """

    train_start: pd.Timestamp
    validation_start: pd.Timestamp
    test_start: pd.Timestamp
    test_end: pd.Timestamp
    horizon_days: int = 1
    data_ages: Sequence[int] = (0,)

    @property
    def leads(self) -> range:
        """Leads from each origin."""
        return range(1, self.horizon_days * STEPS_PER_DAY + 1)

    @property
    def max_lead(self) -> int:
        """The longest lead counted from the end of the observations."""
        return self.leads[-1] + max(self.data_ages) // STEP_HOURS


def parse_as_of(as_of: str, today: str | None = None) -> pd.Timestamp:
    """Read the instant of issue, an ISO 8601 date or instant; without a zone it is UTC.
    ParameterError off the 3-hour grid or after `today` (None in nodes, whose run has checked it).
    """
    try:
        # ISO 8601 alone: 03/04/2019 is a day in March for some and in April for others
        instant = pd.Timestamp(datetime.fromisoformat(str(as_of)))
    except ValueError as error:
        raise ParameterError(
            f"Parameter as_of must be an ISO 8601 date such as 2019-07-14. Found {as_of!r}."
        ) from error
    instant = instant.tz_localize("UTC") if instant.tz is None else instant.tz_convert("UTC")
    if instant != instant.floor(STEP):
        raise ParameterError(
            "Parameter as_of must be the start of a 3-hour step (00:00, 03:00, … UTC). "
            f"Found {as_of!r}."
        )
    if today is not None and instant > pd.Timestamp(today, tz="UTC") + DAY - STEP:
        raise ParameterError(
            f"Parameter as_of lies in the future: {as_of}, today is {today}. "
            "Name today or an earlier day; horizon_days says how far ahead to forecast."
        )
    return instant


def study_periods(as_of: pd.Timestamp, forecast: ForecastParameters) -> StudyPeriods:
    """Derive the periods that are not named, counting back from `as_of`; ParameterError if they
    overlap, are empty, or reach beyond `as_of`.
    """
    test_end = as_of.floor(DAY)
    if forecast.test_end is not None:
        test_end = min(pd.Timestamp(str(forecast.test_end), tz="UTC") + DAY, test_end)
    test_start = _start(forecast.test_start, test_end, 1)
    validation_start = _start(forecast.validation_start, test_start, forecast.validation_years)
    train_start = _start(forecast.train_start, validation_start, forecast.train_years)
    periods = StudyPeriods(train_start, validation_start, test_start, test_end)
    if not train_start < validation_start < test_start < test_end:
        raise ParameterError(
            "The periods of forecast.* must follow one another: train_start < validation_start < "
            f"test_start <= test_end, and end by as_of ({as_of:%Y-%m-%d}). Found "
            f"{train_start:%Y-%m-%d}, {validation_start:%Y-%m-%d}, {test_start:%Y-%m-%d}, "
            f"{test_end - DAY:%Y-%m-%d}."
        )
    return periods


def _start(day: object, end: pd.Timestamp, years: int) -> pd.Timestamp:
    """The start of a period: the day that is named, or so many years before its end."""
    if day is not None:
        return pd.Timestamp(str(day), tz="UTC")
    try:
        return end - pd.DateOffset(years=years)
    except (ValueError, OverflowError) as error:
        raise ParameterError(
            f"{years} years before {end:%Y-%m-%d} lie before the calendar begins. Name a later "
            "as_of, or lower forecast.train_years and forecast.validation_years."
        ) from error
