"""What any source of hourly weather offers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Protocol

import pandas as pd

from triptych.weather.locations import Location, SourceKind
from triptych.weather.variables import TEMPERATURE

OPEN_METEO_URL = "https://archive-api.open-meteo.com"
FORECAST_URL = "https://api.open-meteo.com"
HISTORICAL_FORECAST_URL = "https://historical-forecast-api.open-meteo.com"
PREVIOUS_RUNS_URL = "https://previous-runs-api.open-meteo.com"
TIMEOUT_SECONDS = 30.0
PAST_DAYS = 92  # that the Forecast API has
ATTEMPTS = 7  # a minute and a little, see http.py


@dataclass(frozen=True)
class Fetched:
    """An answer: the hours that the source has of those that were asked for.

    Attributes:
        frame: location, time (UTC, hourly) and a float column a variable; sorted, unique. Hours
            without any value are left out; a missing value among others is NaN.
        known_until: exclusive end of what the source has, at most the end asked for; the start
            asked for if it has nothing.
        absent: variables that the source does not offer at all; they are not missing.
    """

    frame: pd.DataFrame
    known_until: datetime
    absent: frozenset[str] = frozenset()


class WeatherSource(Protocol):
    """Hourly weather of any place and time that the source has.

    Attributes:
        kind: what its rows are labelled with, whatever the run was asked for.
    """

    kind: ClassVar[SourceKind]

    def fetch(
        self, location: Location, start: date, end: date, variables: Sequence[str]
    ) -> Fetched:
        """Get the UTC days from `start` up to, not including, `end`."""
        ...

    def fetch_many(
        self, locations: Sequence[Location], start: date, end: date, variables: Sequence[str]
    ) -> Iterator[Fetched]:
        """Get the same days of several locations, in their order."""
        ...

    def fetch_recent(
        self,
        locations: Sequence[Location],
        start: date,
        end: date,
        variables: Sequence[str],
        model: str,
        today: date,
    ) -> Iterator[Fetched]:
        """Get the analysis of a weather model: UTC days up to, not including, `end`.

        Args:
            today: decides which service has days so old.
        """
        ...

    def fetch_nwp(
        self,
        locations: Sequence[Location],
        start: date,
        end: date,
        models: Sequence[str],
        lead_days: Sequence[int],
    ) -> Iterator[pd.DataFrame]:
        """Get the forecasts that weather models issued so many days before the UTC days.

        Returns:
            For each location: model, time (UTC, hourly), lead_day, temperature_2m; without hours
            that a model does not have.
        """
        ...

    def close(self) -> None:
        """Free what the source holds."""
        ...


class OpenSource(Protocol):
    """Opens the source of a kind, for the reanalysis `models`."""

    def __call__(self, kind: SourceKind, *, models: str) -> WeatherSource:
        """As make_source."""
        ...


def to_long(wide: pd.DataFrame) -> pd.DataFrame:
    """Turn a column a (model, lead_day) into rows: model, time, lead_day, temperature_2m."""
    long = wide.melt(value_name=TEMPERATURE, ignore_index=False).dropna().reset_index()
    return long[["model", "time", "lead_day", TEMPERATURE]]
