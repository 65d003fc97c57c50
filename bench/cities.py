"""Synthetic cities: annual and daily cycles with autocorrelated noise, generated in batches.

Faster than the embedded sample, which takes one second per city and decade.
"""

import numpy as np
import pandas as pd

from triptych.forecasting.features.nwp import PUBLICATION_DELAY_HOURS, usable_lead_day
from triptych.weather.variables import VARIABLES

END = pd.Timestamp("2024-01-01", tz="UTC")
BATCH = 200  # cities
NWP_MODELS = ("ecmwf_ifs025", "gfs_global", "icon_global")
_HOUR = pd.Timedelta(hours=1)
_HOURS_PER_YEAR = 8766
_DECAY = 0.97  # autocorrelation of hourly anomalies


def slugs(first: int, count: int) -> list[str]:
    """Return the names of `count` cities, starting with number `first`."""
    return [f"city-{number:05d}" for number in range(first, first + count)]


def batches(count: int) -> list[tuple[int, int]]:
    """Return the first city and the size of each batch."""
    return [(first, min(BATCH, count - first)) for first in range(0, count, BATCH)]


def locations(first: int, count: int) -> pd.DataFrame:
    """Return rows of the table `locations`; all coordinates differ."""
    number = np.arange(first, first + count)
    names = slugs(first, count)
    return pd.DataFrame(
        {
            "location": names,
            "name": names,
            "latitude": np.round(60 * np.sin(number * 0.7548776662), 4),
            "longitude": np.round((number * 222.4922359) % 360 - 180, 4),
            "elevation": 50.0,
            "timezone": "UTC",
            "source": "sample",
        }
    )


def hours(first: int, count: int, length: int, end: pd.Timestamp = END) -> pd.DataFrame:
    """Return the last `length` hours before `end`: location, time and nine variables.

    A city's weather depends only on its number, not on the batch.
    """
    times = pd.date_range(end=end - _HOUR, periods=length, freq="h", unit="us")
    clock = times.asi8 // 3_600_000_000
    year = np.cos(2 * np.pi * clock / _HOURS_PER_YEAR)
    day = np.cos(2 * np.pi * (clock % 24 - 14) / 24)
    noise = np.stack([_noise(number, length) for number in range(first, first + count)])
    columns = {
        name: _variable(name, noise[:, index], year, day).ravel().round(1)
        for index, name in enumerate(VARIABLES)
    }
    keys = {
        "location": pd.array(np.repeat(slugs(first, count), length), dtype="str"),
        "time": times[np.tile(np.arange(length), count)],
    }
    return pd.DataFrame({**keys, **columns})


def history(first: int, count: int, days: int) -> pd.DataFrame:
    """Return the forecasters' history of the last days: 3-hour steps, temperature only."""
    from scipy.signal import lfilter

    length = 8 * days
    times = pd.date_range(end=END - 3 * _HOUR, periods=length, freq="3h", unit="us")
    step = times.asi8 // 10_800_000_000
    cycle = 12 - 8 * np.cos(2 * np.pi * step / 2922) + 4 * np.cos(2 * np.pi * (step - 5) / 8)
    numbers = range(first, first + count)
    noise = [np.random.default_rng(n).standard_normal(length, np.float32) for n in numbers]
    weather = lfilter([0.4], [1, -1.2, 0.3], np.stack(noise))
    where = locations(first, count)
    return pd.DataFrame(
        {
            "location": pd.array(np.repeat(slugs(first, count), length), dtype="str"),
            "time": times[np.tile(np.arange(length), count)],
            "latitude": np.repeat(where["latitude"].to_numpy(), length),
            "longitude": np.repeat(where["longitude"].to_numpy(), length),
            "temperature_2m": (cycle + weather).ravel().round(2),
        }
    )


def _noise(number: int, length: int) -> np.ndarray:
    """Return autocorrelated noise of unit variance, shape (variable, hour), as float32."""
    from scipy.signal import lfilter

    white = np.random.default_rng(number).standard_normal((len(VARIABLES), length), np.float32)
    return np.asarray(lfilter([np.sqrt(1 - _DECAY**2)], [1, -_DECAY], white), dtype=np.float32)


def _variable(name: str, noise: np.ndarray, year: np.ndarray, day: np.ndarray) -> np.ndarray:
    if name in ("temperature_2m", "dew_point_2m"):
        return np.asarray(12 - 8 * year + 4 * day + 4 * noise)
    if name == "surface_pressure":
        return np.asarray(1010 + 8 * noise)
    if name == "wind_direction_10m":
        return np.asarray((180 + 90 * noise) % 360)
    if name == "shortwave_radiation":
        return np.maximum(0, 100 * day + 30 * noise)
    return np.asarray(50 + 15 * noise).clip(0, 100)


def nwp(first: int, count: int, days: int) -> pd.DataFrame:
    """Return rows of `nwp_forecasts` known at END, from one day before it to `days` after it."""
    time = pd.date_range(END - pd.Timedelta(days=1), END + pd.Timedelta(days=days), freq="h")[:-1]
    index = pd.MultiIndex.from_product(
        [slugs(first, count), NWP_MODELS, time, (1, 2, 3)],
        names=["location", "model", "time", "lead_day"],
    )
    table = index.to_frame(index=False)
    published = table["lead_day"] >= usable_lead_day(table["time"], END, PUBLICATION_DELAY_HOURS)
    table = table[published | (table["time"] < END)].reset_index(drop=True)
    noise = np.random.default_rng(first).normal(10, 5, len(table))
    return table.assign(temperature_2m=noise.round(2), fetched_at=END)
