"""Series of temperature whose trend, seasons and noise are known."""

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]


def steps(days: int, start: str = "2010-01-01") -> pd.DatetimeIndex:
    return pd.date_range(start, periods=8 * days, freq="3h", tz="UTC", unit="us")


def yearly(times: pd.DatetimeIndex) -> Floats:
    """A wave of 8 °C that has its trough on 1 January and leaves 29 February out."""
    day = np.minimum(times.day_of_year - (times.is_leap_year & (times.day_of_year > 59)), 365)
    return np.asarray(-8 * np.cos(2 * np.pi * day / 365))


def daily(times: pd.DatetimeIndex) -> Floats:
    return np.asarray(-4 * np.cos(2 * np.pi * times.hour / 24))


def noise(size: int, sd: float = 1.0, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(0, sd, size)


def frame(times: pd.DatetimeIndex, temperature: Floats | float, slug: str = "here") -> pd.DataFrame:
    return pd.DataFrame({"location": slug, "time": times, "temperature_2m": temperature})


def parts(residual: Floats, slug: str = "here") -> pd.DataFrame:
    """A decomposition of which the residual is all there is."""
    table = pd.DataFrame({"location": slug, "time": steps(len(residual) // 8)})
    return table.assign(observed=residual, trend=0.0, yearly=0.0, daily=0.0, residual=residual)
