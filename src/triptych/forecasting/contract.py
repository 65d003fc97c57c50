"""The contract that every forecaster keeps, whatever stands behind it."""

from collections.abc import Sequence
from typing import Protocol, Self

import pandas as pd

STEP_HOURS = 3
STEPS_PER_DAY = 8
STEP = pd.Timedelta(hours=STEP_HOURS)
HOUR = pd.Timedelta(hours=1)
LEVEL = 0.90
DAY_LEADS = tuple(range(1, STEPS_PER_DAY + 1))
NEXT_DAY_LEADS = tuple(range(STEPS_PER_DAY + 1, 2 * STEPS_PER_DAY + 1))
MODEL, CLIMATOLOGY = "model", "climatology"  # methods: how a step was forecast
FORECAST_COLUMNS = ("location", "as_of", "time", "lead", "mean", "lower", "upper")


class Forecaster(Protocol):
    """Forecasts the 3-hour mean temperature of every location of a history.

    `history` is a long frame, one row a location and 3-hour step: `location, time, latitude,
    longitude`, the weather variables and the three hourly temperatures `temperature_2m_h0, _h1,
    _h2`. `time` is the start of the step, UTC.
    """

    @property
    def name(self) -> str:
        """Its name in tables and results."""
        ...

    def fit(self, history: pd.DataFrame) -> Self:
        """Learn from the whole of `history` and return the forecaster itself."""
        ...

    def predict(
        self,
        history: pd.DataFrame,
        origins: pd.DatetimeIndex,
        leads: Sequence[int],
        *,
        data_age: int = 0,
    ) -> pd.DataFrame:
        """Forecast `leads` from each of `origins`, looking at nothing at or after the origin.

        The observations of the last `data_age` hours before each origin count as unknown.

        Returns FORECAST_COLUMNS in °C sorted by location, as_of, lead; `time` = `as_of` + 3 h ×
        (lead - 1). `lower` and `upper` bound the central LEVEL interval and are NaN until the
        forecaster is calibrated. `mean` is NaN where a baseline knows nothing.
        """
        ...
