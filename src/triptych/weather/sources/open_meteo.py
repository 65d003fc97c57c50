"""The Open-Meteo archive: hourly reanalysis of any place since 1940.

API: https://open-meteo.com/en/docs/historical-weather-api
"""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any, ClassVar

import numpy as np

from triptych.weather.errors import SourceRefused, SourceUnavailable, WeatherError
from triptych.weather.locations import Location, SourceKind
from triptych.weather.sources.archive_response import absent_variables, known_hours, read_values
from triptych.weather.sources.base import ATTEMPTS, OPEN_METEO_URL, TIMEOUT_SECONDS, Fetched
from triptych.weather.sources.http import JsonService


class OpenMeteoArchive:
    """A client of the archive, or of whatever answers like it at `base_url`.

    Args:
        base_url: the address below which `/v1/archive` answers.
        models: the reanalysis to read, by Open-Meteo's name.
        timeout: seconds that one answer may take.
        attempts: how often one request is made at most.
        sleep: how to wait between them.
        api_key: of a commercial plan; it is sent and stands in no log.
    """

    kind: ClassVar[SourceKind] = "open_meteo"

    def __init__(
        self,
        base_url: str = OPEN_METEO_URL,
        *,
        models: str = "era5",
        timeout: float = TIMEOUT_SECONDS,
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], None] = time.sleep,
        api_key: str | None = None,
    ) -> None:
        self._service = JsonService(
            "Open-Meteo archive",
            base_url,
            "TRIPTYCH_OPEN_METEO_URL",
            timeout=timeout,
            attempts=attempts,
            sleep=sleep,
            secret={"apikey": api_key} if api_key else None,
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
        (fetched,) = self.fetch_many([location], start, end, variables)
        return fetched

    def fetch_many(
        self, locations: Sequence[Location], start: date, end: date, variables: Sequence[str]
    ) -> Iterator[Fetched]:
        """Ask for the same days of several locations in one request; the answers in their order.

        Raises:
            SourceUnavailable, SourceRefused, InvalidAnswer: as `fetch`. Open-Meteo refuses all
                locations of a request for a fault of one.
        """
        if end <= start:
            raise WeatherError(
                f"No day lies from {start} up to, not including, {end}. Ask for a later end."
            )
        answers = ask(self._service, "/v1/archive", locations, start, end, variables, self._models)
        hours = np.arange(np.datetime64(start, "h"), np.datetime64(end, "h"))
        for location, answer in zip(locations, answers, strict=True):
            what = f"{location.slug}, {start} to {end}"
            values = read_values(answer, hours, variables, what)
            yield known_hours(location.slug, hours, values, absent_variables(answer, variables))

    def close(self) -> None:
        """Close the connection."""
        self._service.close()


def ask(
    service: JsonService,
    path: str,
    locations: Sequence[Location],
    start: date,
    end: date,
    hourly: Sequence[str],
    models: str,
) -> list[dict[str, Any]]:
    """Request the same days of several locations; an answer for each.

    Raises:
        SourceUnavailable, SourceRefused: as `JsonService.get_many`, naming locations and days.
    """
    # The end_date is inclusive; other time zones than GMT ignore daylight saving.
    parameters = {
        "latitude": ",".join(str(location.latitude) for location in locations),
        "longitude": ",".join(str(location.longitude) for location in locations),
        "start_date": start.isoformat(),
        "end_date": (end - timedelta(days=1)).isoformat(),
        "hourly": ",".join(hourly),
        "timezone": "GMT",
        "models": models,
    }
    first, others = locations[0].slug, len(locations) - 1
    what = f"{first}{f' and {others} more' if others else ''}, {start} to {end}"
    try:
        return service.get_many(path, parameters, len(locations))
    except (SourceRefused, SourceUnavailable) as error:
        raise type(error)(f"{what}: {error}") from error
