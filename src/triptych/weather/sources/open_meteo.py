"""Client of Open-Meteo: hourly reanalysis since 1940, recent analyses, forecasts as issued.

APIs: https://open-meteo.com/en/docs/historical-weather-api, https://open-meteo.com/en/docs,
https://open-meteo.com/en/docs/historical-forecast-api,
https://open-meteo.com/en/docs/previous-runs-api
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from triptych.weather.errors import CallLimitReached, SourceRefused
from triptych.weather.locations import Location, SourceKind
from triptych.weather.sources.base import PAST_DAYS, Fetched, Query, WeatherSource, to_long
from triptych.weather.sources.http import JsonService
from triptych.weather.sources.responses import read_hours, read_values
from triptych.weather.variables import TEMPERATURE


class OpenMeteo(WeatherSource):
    """A client of the archive and of the three forecast services, or of compatible ones.

    All methods raise SourceUnavailable (no usable response in all attempts), SourceRefused
    (coordinates, dates, variables, limits; Open-Meteo refuses all locations of a request for a
    fault of one) or InvalidResponse (other hours, units or lengths than requested).

    Args:
        base_url: the address below which `/v1/archive` answers.
        forecast_url, historical_forecast_url, previous_runs_url: those of `/v1/forecast`.
        models: the reanalysis to read, by Open-Meteo's name.
        options: timeout, attempts, sleep and api_key, as JsonService.
    """

    kind: ClassVar[SourceKind] = "open_meteo"

    def __init__(
        self,
        base_url: str = "https://archive-api.open-meteo.com",
        *,
        forecast_url: str = "https://api.open-meteo.com",
        historical_forecast_url: str = "https://historical-forecast-api.open-meteo.com",
        previous_runs_url: str = "https://previous-runs-api.open-meteo.com",
        models: str = "era5",
        **options: Any,
    ) -> None:
        self._models = models
        self._archive, self._forecast, self._historical, self._previous_runs = self._services = [
            JsonService(f"Open-Meteo {name}", url, f"TRIPTYCH_{setting}_URL", **options)
            for name, url, setting in (
                ("archive", base_url, "OPEN_METEO"),
                ("Forecast API", forecast_url, "FORECAST"),
                ("Historical Forecast API", historical_forecast_url, "HISTORICAL_FORECAST"),
                ("Previous Runs API", previous_runs_url, "PREVIOUS_RUNS"),
            )
        ]

    def fetch_many(self, query: Query, variables: Sequence[str]) -> Iterator[Fetched]:
        """Request the archive once for all locations."""
        return self._fetch([self._archive], "/v1/archive", query, variables, self._models)

    def fetch_recent(
        self, query: Query, variables: Sequence[str], model: str, today: date
    ) -> Iterator[pd.DataFrame]:
        """Request the Forecast API; for older days than it has, the Historical Forecast API.

        If one refuses, the other is requested: each has locations and days that the other lacks.
        """
        services = [self._forecast, self._historical]
        if query.start < today - timedelta(days=PAST_DAYS):
            services.reverse()
        fetched = self._fetch(services, "/v1/forecast", query, variables, model)
        return (each.frame for each in fetched)

    def fetch_nwp(
        self, query: Query, models: Sequence[str], lead_days: Sequence[int]
    ) -> Iterator[pd.DataFrame]:
        """Request the Previous Runs API."""
        names = [f"{TEMPERATURE}_previous_day{lead}" for lead in lead_days]
        # keys end in the model only if there are several
        keys = [f"{name}_{m}" if len(models) > 1 else name for m in models for name in names]
        hours, services = query.hours, [self._previous_runs]
        for location, response in _ask(services, "/v1/forecast", query, names, ",".join(models)):
            _add_absent(response, keys, len(hours))
            values = read_values(response, hours, keys, _describe(query, location))
            yield to_long(np.column_stack(list(values.values())), hours, models, lead_days)

    def close(self) -> None:
        """Close the connections."""
        for service in self._services:
            service.close()

    def _fetch(
        self,
        services: list[JsonService],
        path: str,
        query: Query,
        variables: Sequence[str],
        models: str,
    ) -> Iterator[Fetched]:
        hours = query.hours
        for location, response in _ask(services, path, query, variables, models):
            what = _describe(query, location)
            yield read_hours(location.slug, response, hours, variables, what)


def _describe(query: Query, location: Location) -> str:
    return f"{location.slug}, {query.start} to {query.end}"


def _ask(
    services: list[JsonService], path: str, query: Query, hourly: Sequence[str], models: str
) -> Iterator[tuple[Location, dict[str, Any]]]:
    """Request all locations at once; if a service refuses, the next one."""
    # The end_date is inclusive; other time zones than GMT ignore daylight saving.
    parameters = {
        "latitude": ",".join(str(location.latitude) for location in query.locations),
        "longitude": ",".join(str(location.longitude) for location in query.locations),
        "start_date": query.start.isoformat(),
        "end_date": (query.end - timedelta(days=1)).isoformat(),
        "hourly": ",".join(hourly),
        "timezone": "GMT",
        "models": models,
    }
    first, *others = query.locations
    what = _describe(query, first)
    if others:
        what = what.replace(",", f" and {len(others)} more,", 1)
    refusals: list[SourceRefused] = []
    for service in services:
        try:
            responses = service.get_many(path, parameters, len(query.locations), what)
        except CallLimitReached:
            raise
        except SourceRefused as refused:
            refusals.append(refused)
        else:
            return zip(query.locations, responses, strict=True)
    raise refusals[0]


def _add_absent(response: dict[str, Any], keys: Sequence[str], length: int) -> None:
    """Fill in the models that a response leaves out: they do not cover the location."""
    hourly, units = response.get("hourly"), response.get("hourly_units")
    if isinstance(hourly, dict) and isinstance(units, dict) and any(k in hourly for k in keys):
        for key in set(keys) - set(hourly):
            hourly[key], units[key] = [None] * length, "undefined"
