"""Client of Open-Meteo: hourly reanalysis since 1940, recent analyses, forecasts as issued.

APIs: https://open-meteo.com/en/docs/historical-weather-api, https://open-meteo.com/en/docs,
https://open-meteo.com/en/docs/historical-forecast-api,
https://open-meteo.com/en/docs/previous-runs-api
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from triptych.weather.errors import InvalidResponse, SourceRefused
from triptych.weather.locations import Location
from triptych.weather.sources import base
from triptych.weather.sources.http import JsonService
from triptych.weather.variables import TEMPERATURE, VARIABLES

_NO_UNIT = "undefined"  # the unit of a variable that a model does not have

_SERVICES = {  # name, path, environment variable of the address
    "archive": ("archive", "/v1/archive", "OPEN_METEO"),
    "forecast": ("Forecast API", "/v1/forecast", "FORECAST"),
    "historical": ("Historical Forecast API", "/v1/forecast", "HISTORICAL_FORECAST"),
    "previous_runs": ("Previous Runs API", "/v1/forecast", "PREVIOUS_RUNS"),
}


class OpenMeteo(base.WeatherSource):
    """A client of the archive and of the three forecast services, or of compatible ones.

    All methods raise SourceUnavailable, SourceRefused (Open-Meteo refuses all locations of a
    request for a fault of one) or InvalidResponse.

    `base_url` serves `/v1/archive`, the others `/v1/forecast`. `models`: the reanalysis (the
    archive's own default is a blend whose grid changes). `options`: those of JsonService.
    """

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
        urls = (base_url, forecast_url, historical_forecast_url, previous_runs_url)
        self._services = {
            key: JsonService(f"Open-Meteo {name}", url, f"TRIPTYCH_{setting}_URL", **options)
            for url, (key, (name, _, setting)) in zip(urls, _SERVICES.items(), strict=True)
        }

    def fetch_many(self, query: base.Query, variables: Sequence[str]) -> Iterator[base.Fetched]:
        """Request the archive once for all locations."""
        for location, response, what in self._request(["archive"], query, variables, self._models):
            yield _read_hours(location.slug, response, query.hours, variables, what)

    def fetch_recent(
        self, query: base.Query, variables: Sequence[str], model: str, today: date
    ) -> Iterator[pd.DataFrame]:
        """Request the Forecast API; for older days than it has, the Historical Forecast API.

        If one refuses, the other is requested: each has locations and days that the other lacks.
        """
        services = ["forecast", "historical"]
        if query.start < today - timedelta(days=base.PAST_DAYS):
            services.reverse()
        for location, response, what in self._request(services, query, variables, model):
            yield _read_hours(location.slug, response, query.hours, variables, what).frame

    def fetch_nwp(
        self, query: base.Query, models: Sequence[str], lead_days: Sequence[int]
    ) -> Iterator[pd.DataFrame]:
        """Request the Previous Runs API."""
        names = [f"{TEMPERATURE}_previous_day{lead}" for lead in lead_days]
        # keys end in the model only if there are several
        keys = [f"{name}_{m}" if len(models) > 1 else name for m in models for name in names]
        hours = query.hours
        for _, response, what in self._request(["previous_runs"], query, names, ",".join(models)):
            _add_absent(response, keys, len(hours))
            values = _read_values(response, hours, keys, what)
            yield base.to_long(np.column_stack(list(values.values())), hours, models, lead_days)

    def close(self) -> None:
        """Close the connections."""
        for service in self._services.values():
            service.close()

    def _request(
        self, services: list[str], query: base.Query, hourly: Sequence[str], models: str
    ) -> Iterator[tuple[Location, dict[str, Any], str]]:
        """Request all locations of the first service that accepts; name each request."""
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
        days = f"{query.start} to {query.end}"
        first, *others = query.locations
        what = f"{first.slug}{f' and {len(others)} more' if others else ''}, {days}"
        refusals: list[SourceRefused] = []
        for name in services:
            path = _SERVICES[name][1]
            try:
                found = self._services[name].get_many(path, parameters, 1 + len(others), what)
                break
            except SourceRefused as refused:
                refusals.append(refused)
        else:
            raise refusals[0]
        for location, response in zip(query.locations, found, strict=True):
            yield location, response, f"{location.slug}, {days}"


def _add_absent(response: dict[str, Any], keys: Sequence[str], length: int) -> None:
    """Fill in the models that a response leaves out: they do not cover the location."""
    hourly, units = response.get("hourly"), response.get("hourly_units")
    if isinstance(hourly, dict) and isinstance(units, dict) and any(k in hourly for k in keys):
        for key in set(keys) - set(hourly):
            hourly[key], units[key] = [None] * length, _NO_UNIT


def _read_values(
    response: Mapping[str, Any], hours: base.Hours, variables: Sequence[str], what: str
) -> dict[str, base.Floats]:
    """Read a value for each hour and variable, NaN for null; messages name the request, `what`."""

    def refuse(rule: str, found: object) -> NoReturn:
        raise InvalidResponse(
            f"{what}: the response must {rule}; found {found}. Nothing of it was used. Is another "
            "service answering at this address?"
        )

    offset, hourly, units = (
        response.get(name) for name in ("utc_offset_seconds", "hourly", "hourly_units")
    )
    if offset != 0:
        refuse("be in UTC, with an offset of 0 s", repr(offset))
    if not isinstance(hourly, Mapping) or not isinstance(units, Mapping):
        refuse("hold `hourly` and `hourly_units`", sorted(response))
    times = _array(hourly.get("time"), "datetime64[m]")
    if not np.array_equal(times, hours.astype("datetime64[m]")):
        span = f"{times.size}, {times[0]} to {times[-1]}" if times.size else "no readable times"
        refuse(f"have the {hours.size} hours {hours[0]}:00 to {hours[-1]}:00", span)
    values = {name: _array(hourly.get(name), "float64") for name in variables}
    for name, column in values.items():
        if len(column) != len(hours):
            rule = f"have a number of {name} for each of {len(hours)} hours"
            refuse(rule, len(column) or "none")
        unit = VARIABLES.get(name.partition("_previous_day")[0])
        absent = units.get(name) == _NO_UNIT and bool(np.isnan(column).all())
        if unit and units.get(name) != unit and not absent:
            refuse(f"have {name} in {unit}", repr(units.get(name)))
    return values


def _read_hours(
    slug: str, response: Mapping[str, Any], hours: base.Hours, variables: Sequence[str], what: str
) -> base.Fetched:
    """Read the hours that have a value of any variable: the archive answers null for the others."""
    values = _read_values(response, hours, variables, what)
    known = ~np.logical_and.reduce([np.isnan(column) for column in values.values()])
    columns = {name: column[known] for name, column in values.items()}
    frame = pd.DataFrame({"location": slug, "time": base.to_times(hours[known]), **columns})
    units = response["hourly_units"]
    return base.Fetched(frame, frozenset(n for n in variables if units.get(n) == _NO_UNIT))


def _array(values: Any, dtype: str) -> Any:
    """Convert a list; empty if it cannot be read."""
    try:
        return np.array(values, dtype=dtype) if isinstance(values, list) else np.empty(0, dtype)
    except (TypeError, ValueError):
        return np.empty(0, dtype)
