"""The interface of all sources of hourly weather."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.weather.locations import Location
from triptych.weather.variables import TEMPERATURE

PAST_DAYS = 92  # that the Forecast API has

Hours = npt.NDArray[np.datetime64]
Floats = npt.NDArray[np.float64]


class Query(NamedTuple):
    """Several locations, and the UTC days from `start` up to, not including, `end`."""

    locations: Sequence[Location]
    start: date
    end: date

    @property
    def hours(self) -> Hours:
        """The hours of the days (datetime64[h], UTC)."""
        return np.arange(np.datetime64(self.start, "h"), np.datetime64(self.end, "h"))


class Fetched(NamedTuple):
    """The requested hours that have any value: location, time (UTC), variables; sorted, unique."""

    frame: pd.DataFrame
    absent: frozenset[str] = frozenset()  # variables that the source does not offer at all


class WeatherSource(ABC):
    """Hourly weather of any place and time that the source has."""

    @abstractmethod
    def fetch_many(self, query: Query, variables: Sequence[str]) -> Iterator[Fetched]:
        """Get the reanalysis of each location."""

    @abstractmethod
    def fetch_recent(
        self, query: Query, variables: Sequence[str], model: str, today: date
    ) -> Iterator[pd.DataFrame]:
        """Get the analysis of a weather model; `today` decides which service has days so old."""

    @abstractmethod
    def fetch_nwp(
        self, query: Query, models: Sequence[str], lead_days: Sequence[int]
    ) -> Iterator[pd.DataFrame]:
        """Get the forecasts that weather models issued so many days before: model, time (UTC,
        hourly), lead_day, temperature_2m; without hours that a model does not have.
        """

    def close(self) -> None:
        """Free the resources of the source."""
        return


OpenSource = Callable[..., WeatherSource]  # as `make_source`


def to_times(hours: Hours) -> pd.DatetimeIndex:
    """Convert hours to instants (UTC)."""
    return pd.DatetimeIndex(hours.astype("datetime64[us]"), tz="UTC", name="time")


def to_long(
    values: Floats, hours: Hours, models: Sequence[str], lead_days: Sequence[int]
) -> pd.DataFrame:
    """Turn columns (model, lead day) into rows: model, time, lead_day, temperature_2m."""
    columns = pd.MultiIndex.from_product([models, lead_days], names=["model", "lead_day"])
    wide = pd.DataFrame(values, to_times(hours), columns)
    long = wide.melt(value_name=TEMPERATURE, ignore_index=False).dropna().reset_index()
    return long[["model", "time", "lead_day", TEMPERATURE]]
