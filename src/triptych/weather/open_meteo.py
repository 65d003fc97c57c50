"""The Open-Meteo archive: hourly reanalysis of any place since 1940.

API: https://open-meteo.com/en/docs/historical-weather-api
"""

import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta

import numpy as np

from triptych.weather.archive_answer import known_hours, read_values
from triptych.weather.errors import SourceRefused, SourceUnavailable, WeatherError
from triptych.weather.http import JsonService
from triptych.weather.locations import Location
from triptych.weather.source import ATTEMPTS, OPEN_METEO_URL, TIMEOUT_SECONDS, Fetched
from triptych.weather.variables import TEMPERATURE


class OpenMeteoArchive:
    """A client of the archive, or of whatever answers like it at `base_url`.

    Args:
        base_url: the address below which `/v1/archive` answers.
        models: the reanalysis to read, by Open-Meteo's name.
        timeout: seconds that one answer may take.
        attempts: how often one request is made at most.
        sleep: how to wait between them.
    """

    def __init__(
        self,
        base_url: str = OPEN_METEO_URL,
        *,
        models: str = "era5",
        timeout: float = TIMEOUT_SECONDS,
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._service = JsonService(
            "Open-Meteo archive",
            base_url,
            "TRIPTYCH_OPEN_METEO_URL",
            timeout=timeout,
            attempts=attempts,
            sleep=sleep,
        )
        self._models = models

    def fetch(
        self, location: Location, start: date, end: date, variables: Sequence[str]
    ) -> Fetched:
        """Ask for the UTC days from `start` up to, not including, `end`.

        Raises:
            SourceUnavailable: no usable answer through all attempts.
            SourceRefused: the archive refused the request: coordinates, dates, variables, limits.
            InvalidAnswer: it answered with other hours, units or lengths than asked for.
        """
        _check_request(start, end, variables)
        # The archive's end_date is inclusive, its other time zones ignore daylight saving.
        parameters = {
            "latitude": str(location.latitude),
            "longitude": str(location.longitude),
            "start_date": start.isoformat(),
            "end_date": (end - timedelta(days=1)).isoformat(),
            "hourly": ",".join(variables),
            "timezone": "GMT",
            "models": self._models,
        }
        what = f"{location.slug}, {start} to {end}"
        try:
            answer = self._service.get("/v1/archive", parameters)
        except (SourceRefused, SourceUnavailable) as error:
            raise type(error)(f"{what}: {error}") from error
        hours = np.arange(np.datetime64(start, "h"), np.datetime64(end, "h"))
        values = read_values(answer, hours, variables, what)
        return known_hours(location.slug, hours, values)

    def close(self) -> None:
        """Close the connection."""
        self._service.close()


def _check_request(start: date, end: date, variables: Sequence[str]) -> None:
    if end <= start:
        raise WeatherError(
            f"No day lies from {start} up to, not including, {end}. Ask for a later end."
        )
    if TEMPERATURE not in variables:
        raise WeatherError(
            f"The variables must include {TEMPERATURE}: it tells which hours the archive has; "
            f"found {', '.join(variables) or 'none'}. Add it."
        )
