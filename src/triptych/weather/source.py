"""What any source of hourly weather offers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

import pandas as pd

from triptych.weather.locations import Location, SourceKind

OPEN_METEO_URL = "https://archive-api.open-meteo.com"


@dataclass(frozen=True)
class Fetched:
    """An answer: the hours that the source has of those that were asked for.

    Attributes:
        frame: location, time (UTC, hourly) and a float column a variable; sorted, unique. Hours
            without any value are left out; a missing value among others is NaN.
        known_until: exclusive end of what the source has, at most the end asked for; the start
            asked for if it has nothing.
    """

    frame: pd.DataFrame
    known_until: datetime


class WeatherSource(Protocol):
    """Hourly weather of any place and time that the source has."""

    def fetch(
        self, location: Location, start: date, end: date, variables: Sequence[str]
    ) -> Fetched:
        """Get the UTC days from `start` up to, not including, `end`."""
        ...

    def close(self) -> None:
        """Free what the source holds."""
        ...


def make_source(
    kind: SourceKind, *, base_url: str = OPEN_METEO_URL, models: str = "era5"
) -> WeatherSource:
    """Open the source of this kind.

    Args:
        kind: `sample`, the embedded synthetic climate, or `open_meteo`, the archive.
        base_url: where the archive answers `/v1/archive`; not used by the sample.
        models: the archive's reanalysis; its default is a blend whose grid changes over the years.
    """
    if kind == "sample":
        from triptych.weather.sample import SampleClimate  # noqa: PLC0415

        return SampleClimate()
    from triptych.weather.open_meteo import OpenMeteoArchive  # noqa: PLC0415

    return OpenMeteoArchive(base_url, models=models)
