"""Open-Meteo's recent analyses and forecasts as issued, beside the archive.

APIs: https://open-meteo.com/en/docs, https://open-meteo.com/en/docs/historical-forecast-api,
https://open-meteo.com/en/docs/previous-runs-api
"""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from triptych.weather.errors import CallLimitReached, SourceRefused
from triptych.weather.locations import Location
from triptych.weather.sources.archive_response import absent_variables, known_hours, read_values
from triptych.weather.sources.base import (
    ATTEMPTS,
    FORECAST_URL,
    HISTORICAL_FORECAST_URL,
    OPEN_METEO_URL,
    PAST_DAYS,
    PREVIOUS_RUNS_URL,
    TIMEOUT_SECONDS,
    Fetched,
    to_long,
)
from triptych.weather.sources.http import JsonService
from triptych.weather.sources.open_meteo import OpenMeteoArchive, ask
from triptych.weather.variables import TEMPERATURE

_PATH = "/v1/forecast"


class OpenMeteo(OpenMeteoArchive):
    """A client of the archive and of the three forecast services.

    Args:
        base_url: the address below which `/v1/archive` answers.
        forecast_url, historical_forecast_url, previous_runs_url: those of `/v1/forecast`.
        models, timeout, attempts, sleep, api_key: as OpenMeteoArchive.
    """

    def __init__(
        self,
        base_url: str = OPEN_METEO_URL,
        *,
        forecast_url: str = FORECAST_URL,
        historical_forecast_url: str = HISTORICAL_FORECAST_URL,
        previous_runs_url: str = PREVIOUS_RUNS_URL,
        models: str = "era5",
        timeout: float = TIMEOUT_SECONDS,
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], None] = time.sleep,
        api_key: str | None = None,
    ) -> None:
        super().__init__(
            base_url, models=models, timeout=timeout, attempts=attempts, sleep=sleep,
            api_key=api_key,
        )  # fmt: skip
        self._forecast, self._historical, self._previous_runs = (
            JsonService(
                f"Open-Meteo {name} API", url, f"TRIPTYCH_{name.upper().replace(' ', '_')}_URL",
                timeout=timeout, attempts=attempts, sleep=sleep,
                secret={"apikey": api_key} if api_key else None,
            )
            for name, url in (
                ("Forecast", forecast_url),
                ("Historical Forecast", historical_forecast_url),
                ("Previous Runs", previous_runs_url),
            )
        )  # fmt: skip

    def fetch_recent(
        self,
        locations: Sequence[Location],
        start: date,
        end: date,
        variables: Sequence[str],
        model: str,
        today: date,
    ) -> Iterator[Fetched]:
        """Ask the Forecast API; for older days than it has, the Historical Forecast API.

        Raises:
            SourceUnavailable, SourceRefused, InvalidAnswer: as `fetch_many`. A service that refuses
                is followed by the other: each has locations and days that the other lacks.
        """
        services = [self._forecast, self._historical]
        if start < today - timedelta(days=PAST_DAYS):
            services.reverse()
        try:
            answers = ask(services[0], _PATH, locations, start, end, variables, model)
        except CallLimitReached:
            raise
        except SourceRefused as refused:
            try:
                answers = ask(services[1], _PATH, locations, start, end, variables, model)
            except SourceRefused:
                raise refused from None
        hours = np.arange(np.datetime64(start, "h"), np.datetime64(end, "h"))
        for location, answer in zip(locations, answers, strict=True):
            values = read_values(answer, hours, variables, f"{location.slug}, {start} to {end}")
            yield known_hours(location.slug, hours, values, absent_variables(answer, variables))

    def fetch_nwp(
        self,
        locations: Sequence[Location],
        start: date,
        end: date,
        models: Sequence[str],
        lead_days: Sequence[int],
    ) -> Iterator[pd.DataFrame]:
        """Ask the Previous Runs API.

        Raises:
            SourceUnavailable, SourceRefused, InvalidAnswer: as `fetch_many`.
        """
        names = [f"{TEMPERATURE}_previous_day{lead}" for lead in lead_days]
        answers = ask(self._previous_runs, _PATH, locations, start, end, names, ",".join(models))
        hours = np.arange(np.datetime64(start, "h"), np.datetime64(end, "h"))
        # keys end in the model only if there are several
        keys = [f"{name}_{m}" if len(models) > 1 else name for m in models for name in names]
        columns = pd.MultiIndex.from_product([models, lead_days], names=["model", "lead_day"])
        times = pd.DatetimeIndex(hours.astype("datetime64[us]"), tz="UTC", name="time")
        for location, answer in zip(locations, answers, strict=True):
            _add_absent(answer, keys, len(hours))
            values = read_values(answer, hours, keys, f"{location.slug}, {start} to {end}")
            wide = pd.DataFrame(np.column_stack(list(values.values())), times, columns)
            yield to_long(wide)

    def close(self) -> None:
        """Close the connections."""
        super().close()
        for service in (self._forecast, self._historical, self._previous_runs):
            service.close()


def _add_absent(answer: dict[str, Any], keys: Sequence[str], length: int) -> None:
    """Fill in the models that an answer leaves out: they do not cover the location."""
    hourly, units = answer.get("hourly"), answer.get("hourly_units")
    if isinstance(hourly, dict) and isinstance(units, dict) and any(k in hourly for k in keys):
        for key in keys:
            if key not in hourly:
                hourly[key], units[key] = [None] * length, "undefined"
