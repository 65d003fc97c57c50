"""Frames of several locations as one array: every hour of each location in turn, without holes."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.weather.errors import InvalidFrame

_HOUR = np.timedelta64(1, "h")


@dataclass(frozen=True)
class HourlyGrid:
    """Where each hour of each location stands: locations in order, their hours one by one.

    Attributes:
        locations: the slugs, sorted.
        first: the first hour of each location (datetime64[h], UTC).
        lengths: how many hours each location has.
        starts: where each location begins in the array.
        rows: where each row of the frame stands in the array; -1 if outside.
    """

    locations: npt.NDArray[np.object_]
    first: npt.NDArray[np.datetime64]
    lengths: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]

    @property
    def size(self) -> int:
        """How many hours all locations have together."""
        return int(self.lengths.sum())

    @property
    def owner(self) -> npt.NDArray[np.int64]:
        """The number of the location that each hour belongs to."""
        return np.repeat(np.arange(len(self.locations)), self.lengths)

    def keys(self, step: int = 1) -> pd.DataFrame:
        """Location and time (UTC) of every hour, or of every `step`-th of each location."""
        counts = self.lengths // step
        offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        times = np.repeat(self.first, counts) + offsets * step * _HOUR
        slugs = pd.array(self.locations, dtype="str").take(
            np.repeat(np.arange(len(counts)), counts)
        )
        utc = pd.DatetimeIndex(times.astype("datetime64[us]"), tz="UTC")
        return pd.DataFrame({"location": slugs, "time": utc})

    def spread(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Put the values of the frame's rows in their places; NaN where there is none."""
        full = np.full((self.size, *values.shape[1:]), np.nan)
        inside = self.rows >= 0
        full[self.rows[inside]] = values[inside]
        return full


def hourly_grid(frame: pd.DataFrame, step: int = 1) -> HourlyGrid:
    """Lay out all hours from each location's first to its last.

    Args:
        frame: location and time (UTC, on the hour), in any order.
        step: the hours of a step: begin at the step of the first hour, end with a whole step.

    Raises:
        InvalidFrame: a location is missing, a time is not on the hour, or an hour stands twice.
    """
    hours = _hours(frame)
    codes, locations = pd.factorize(frame["location"], sort=True)
    if (codes < 0).any():
        raise InvalidFrame("Hourly weather has rows without a location. Reject such rows first.")
    low = np.full(len(locations), np.iinfo(np.int64).max)
    high = np.full(len(locations), np.iinfo(np.int64).min)
    np.minimum.at(low, codes, hours)
    np.maximum.at(high, codes, hours)
    first = low // step * step
    lengths = (high + 1 - first) // step * step
    starts = np.cumsum(lengths) - lengths
    offsets = hours - first[codes]
    rows = np.where(offsets < lengths[codes], starts[codes] + offsets, -1)
    _check_unique(rows, frame)
    return HourlyGrid(
        np.asarray(locations, dtype=object), first.astype("datetime64[h]"), lengths, starts, rows
    )


def _hours(frame: pd.DataFrame) -> npt.NDArray[np.int64]:
    times = frame["time"].to_numpy(dtype="datetime64[us]")
    hours = times.astype("datetime64[h]")
    off = np.flatnonzero(hours != times)
    if off.size:
        raise InvalidFrame(
            f"Hourly weather must be on the hour; found {times[off[0]]}. Reject such rows first."
        )
    return hours.astype(np.int64)


def _check_unique(rows: npt.NDArray[np.int64], frame: pd.DataFrame) -> None:
    inside = rows[rows >= 0]
    if len(np.unique(inside)) == len(inside):
        return
    row = frame[frame.duplicated(["location", "time"])].iloc[0]
    raise InvalidFrame(
        f"{row['location']} has two rows for {row['time']}; one is allowed. Remove one of them."
    )
