"""Small frames for the tests of the forecasting pipelines."""

from typing import Any

import numpy as np
import pandas as pd

from triptych.weather.locations import Location

STEP = pd.Timedelta(hours=3)


def utc(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def as_file(locations: pd.DataFrame) -> list[Location]:
    """Return the same places as the file of locations has them."""
    return [
        Location(
            slug=row.location, name=row.location.title(), latitude=row.latitude,
            longitude=row.longitude, elevation=0.0, timezone="UTC", source=row.source,
        )
        for row in locations.itertuples()
    ]  # fmt: skip


def history(start: str, end: str, slugs: tuple[str, ...] = ("northmere",)) -> pd.DataFrame:
    """A year's wave and a day's wave of temperature, with a little seeded noise."""
    times = pd.date_range(start, end, freq="3h", inclusive="left", tz="UTC", unit="us")
    hour = (times - pd.Timestamp("2000-01-01", tz="UTC")) / pd.Timedelta(hours=1)
    waves = 10 - 8 * np.cos(2 * np.pi * hour / 8766) - 4 * np.cos(2 * np.pi * (hour - 3) / 24)
    frames = []
    for number, slug in enumerate(slugs):
        noise = np.random.default_rng(number).normal(0, 1, len(times))
        temperature = waves + np.convolve(noise, np.ones(8) / 8, mode="same") * 3
        frame = pd.DataFrame({"location": slug, "time": times, "temperature_2m": temperature})
        hours = {f"temperature_2m_h{h}": temperature + (h - 1) * 0.1 for h in range(3)}
        frames.append(frame.assign(**hours, latitude=52.0, longitude=22.0))
    return pd.concat(frames, ignore_index=True)


def forecasts(
    errors: dict[str, float], days: int = 2, leads: int = 8, half: float = 1.0
) -> pd.DataFrame:
    """Forecasts of one location whose error is known: observed 10 °C, forecast 10 + error."""
    origins = pd.date_range("2019-07-14", periods=days, freq="D", tz="UTC", unit="us")
    keys = pd.MultiIndex.from_product(
        [errors, origins, range(1, leads + 1)], names=["model", "as_of", "lead"]
    )
    rows = keys.to_frame(index=False).assign(location="northmere", data_age=0, observed=10.0)
    mean = 10.0 + rows["model"].map(errors)
    time = rows["as_of"] + STEP * (rows["lead"] - 1)
    return rows.assign(time=time, mean=mean, lower=mean - half, upper=mean + half)


class FrameRows:
    """A table that is read a part at a time, from a frame."""

    def __init__(self, table: pd.DataFrame) -> None:
        self._table = table
        self.asked: list[list[str]] = []

    def read(self, columns: list[str], filters: dict[str, Any]) -> pd.DataFrame:
        self.asked.append(filters["location"])
        time = self._table["time"]
        period = (time >= filters["time"].get("ge", time.min())) & (time < filters["time"]["lt"])
        rows = self._table[period & self._table["location"].isin(filters["location"])]
        if "model" in filters:
            rows = rows[rows["model"].isin(filters["model"])]
        return rows[[name for name in columns if name in rows]].reset_index(drop=True)

    def read_wide(self, value: str, across: str, filters: dict[str, Any]) -> pd.DataFrame:
        """A column for each value of `across`, named as text."""
        keys = ["location", "model", "time"]
        rows = self.read([*keys, across, value], filters)
        return (
            rows.pivot(index=keys, columns=across, values=value).rename(columns=str).reset_index()
        )

    def is_empty(self, filters: dict[str, Any]) -> bool:
        """Whether no row has one of the locations; all rows count if none are named."""
        wanted = filters.get("location", list(self._table["location"]))
        return not self._table["location"].isin(wanted).any()
