"""From the hours that a source has to a whole grid of hours with its short gaps filled."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.weather.hourly_grid import HourlyGrid, hourly_grid
from triptych.weather.variables import TEMPERATURE, VARIABLES, WIND_DIRECTION

Floats = npt.NDArray[np.float64]


class Interpolated(NamedTuple):
    """A complete grid with its short gaps filled.

    Attributes:
        frame: as it came, sorted, and `interpolated`: True where the temperature was filled in.
        filled: location, variable, hours: how many values were filled in, where any were.
        gaps: location, variable, start, hours: what stays missing, a row a gap.
    """

    frame: pd.DataFrame
    filled: pd.DataFrame
    gaps: pd.DataFrame


def complete_grid(frame: pd.DataFrame) -> pd.DataFrame:
    """Give each location every hour from its first to its last; NaN where the source had none.

    Args:
        frame: location, time (UTC, on the hour) and any of the variables.

    Raises:
        InvalidFrame: a time is not on the hour, or a location has two rows for one hour.
    """
    grid, names = hourly_grid(frame), _variables(frame)
    values = grid.spread(frame[names].to_numpy(dtype=np.float64))
    return grid.keys().assign(**dict(zip(names, values.T, strict=True)))


def interpolate(frame: pd.DataFrame, limit_hours: int, *, within_day: bool = False) -> Interpolated:
    """Fill gaps of at most `limit_hours` linearly; a longer gap stays missing as a whole.

    Wind direction turns the shorter way round. Nothing is filled before a location's first value
    or after its last.

    Args:
        frame: location, time (UTC, hourly) and any of the variables; holes in the grid are gaps.
        limit_hours: the longest gap that is filled; 0 fills none.
        within_day: leave a gap whose line would end on a later UTC day. What is left then holds
            at midnight nothing that was observed after it, as a forecast issued there needs.
    """
    whole = complete_grid(frame)
    grid = hourly_grid(whole)
    filled, gaps = [], []
    interpolated = np.zeros(grid.size, dtype=bool)
    for name in _variables(whole):
        values = whole[name].to_numpy()
        short, runs = _gaps(values, grid, limit_hours, within_day)
        gaps.append(runs.assign(variable=name))
        if not short.any():
            continue
        whole[name] = _fill(values, short, circular=name == WIND_DIRECTION)
        filled.append(_count(short, grid).assign(variable=name))
        if name == TEMPERATURE:
            interpolated = short
    return Interpolated(
        whole.assign(interpolated=interpolated),
        _collect(filled, ["location", "variable", "hours"]),
        _collect(gaps, ["location", "variable", "start", "hours"]),
    )


def _gaps(
    values: Floats, grid: HourlyGrid, limit: int, within_day: bool
) -> tuple[npt.NDArray[np.bool_], pd.DataFrame]:
    """Tell the hours of gaps to fill, and tabulate the other gaps."""
    owner = grid.owner
    missing = np.isnan(values)
    # a run of missing hours ends where the location does
    edge = np.append(True, owner[1:] != owner[:-1])
    begins = np.flatnonzero(missing & (np.append(True, ~missing[:-1]) | edge))
    ends = np.flatnonzero(missing & (np.append(~missing[1:], True) | np.append(edge[1:], True))) + 1
    lengths = ends - begins
    own = owner[begins]
    inside = (begins > grid.starts[own]) & (ends < grid.starts[own] + grid.lengths[own])
    times = grid.first[own] + (begins - grid.starts[own]) * np.timedelta64(1, "h")
    fill = inside & (lengths <= limit)
    if within_day:
        day, day_after = (t.astype("datetime64[D]") for t in (times, times + lengths))
        fill &= day == day_after
    change = np.zeros(grid.size + 1, dtype=np.int64)
    change[begins[fill]] = 1
    change[ends[fill]] = -1
    runs = pd.DataFrame(
        {
            "location": grid.locations[own],
            "start": pd.DatetimeIndex(times.astype("datetime64[us]"), tz="UTC"),
            "hours": lengths,
        }
    )
    return np.cumsum(change[:-1]).astype(bool), runs[~fill]


def _fill(values: Floats, short: npt.NDArray[np.bool_], *, circular: bool) -> Floats:
    """Draw a line between the values on both sides of each gap."""
    known, wanted = np.flatnonzero(~np.isnan(values)), np.flatnonzero(short)
    right = np.searchsorted(known, wanted)
    before, after = known[right - 1], known[right]
    step = values[after] - values[before]
    if circular:
        step = (step + 180.0) % 360.0 - 180.0
    line = values[before] + step * (wanted - before) / (after - before)
    result = values.copy()
    result[wanted] = line % 360.0 if circular else line
    return result


def _count(short: npt.NDArray[np.bool_], grid: HourlyGrid) -> pd.DataFrame:
    hours = np.bincount(grid.owner[short], minlength=len(grid.locations))
    table = pd.DataFrame({"location": grid.locations, "hours": hours})
    return table[table["hours"] > 0]


def _collect(tables: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    filled = [table for table in tables if len(table)]
    if not filled:
        return pd.DataFrame(columns=columns)
    return pd.concat(filled)[columns].sort_values(columns[:-1], ignore_index=True)


def _variables(frame: pd.DataFrame) -> list[str]:
    return [name for name in VARIABLES if name in frame]
