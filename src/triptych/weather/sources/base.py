"""What any source of hourly weather offers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Protocol

import pandas as pd

from triptych.weather.locations import Location, SourceKind

OPEN_METEO_URL = "https://archive-api.open-meteo.com"
TIMEOUT_SECONDS = 30.0
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

    def close(self) -> None:
        """Free what the source holds."""
        ...


class OpenSource(Protocol):
    """Opens the source of a kind, for the reanalysis `models`."""

    def __call__(self, kind: SourceKind, *, models: str) -> WeatherSource:
        """As make_source."""
        ...


def make_source(
    kind: SourceKind,
    *,
    base_url: str = OPEN_METEO_URL,
    models: str = "era5",
    timeout: float = TIMEOUT_SECONDS,
    attempts: int = ATTEMPTS,
    api_key: str | None = None,
) -> WeatherSource:
    """Open the source of this kind. All but the kind concerns the archive alone.

    Args:
        kind: `sample`, the embedded synthetic climate, or `open_meteo`, the archive.
        base_url: the address below which `/v1/archive` answers.
        models: the reanalysis; the archive's own default is a blend whose grid changes over time.
        timeout: seconds that one answer may take.
        attempts: how often one request is made at most.
        api_key: of a commercial plan.
    """
    if kind == "sample":
        from triptych.weather.sources.sample import SampleClimate

        return SampleClimate()
    from triptych.weather.sources.open_meteo import OpenMeteoArchive

    return OpenMeteoArchive(
        base_url, models=models, timeout=timeout, attempts=attempts, api_key=api_key
    )
