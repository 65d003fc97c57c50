"""A complete grid of hours, and its short gaps filled."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.weather.variables import TEMPERATURE, VARIABLES, WIND_DIRECTION

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def complete_grid(frame: pd.DataFrame, step: int = 1) -> pd.DataFrame:
    """Give each location every hour from its first to its last; NaN where there is no row.

    Args:
        frame: location, time (UTC, on the hour, unique), any variables, perhaps `interpolated`.
        step: the hours of a step: begin at the step of the first hour, end with a whole step.

    Returns:
        The same columns as float; sorted by location and time.
    """
    hours = frame["time"].to_numpy(dtype="datetime64[h]").astype(np.int64)
    codes, slugs = pd.factorize(frame["location"], sort=True)
    low, high = pd.Series(hours).groupby(codes).agg(["min", "max"]).to_numpy().T
    first = low // step * step
    lengths = (high + 1 - first) // step * step
    starts = np.cumsum(lengths) - lengths
    names = [name for name in (*VARIABLES, "interpolated") if name in frame]
    values = np.full((lengths.sum(), len(names)), np.nan)
    whole = hours - first[codes] < lengths[codes]
    rows = (starts[codes] + hours - first[codes])[whole]
    values[rows] = frame[names].to_numpy(dtype=np.float64)[whole]
    owner = np.repeat(np.arange(len(slugs)), lengths)
    times = (np.arange(len(owner)) + (first - starts)[owner]).astype("datetime64[h]")
    keys = {
        "location": pd.array(np.asarray(slugs, dtype=object), dtype="str").take(owner),
        "time": pd.DatetimeIndex(times.astype("datetime64[us]"), tz="UTC"),
    }
    return pd.DataFrame(keys | dict(zip(names, values.T, strict=True)))


def interpolate(
    frame: pd.DataFrame, limit_hours: int, *, within_day: bool = False
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fill gaps of at most `limit_hours` linearly; a longer gap stays missing as a whole.

    Wind direction turns the shorter way round. Nothing is filled before a location's first value
    or after its last.

    Args:
        frame: location, time (UTC, hourly) and any of the variables; missing rows are gaps too.
        limit_hours: 0 fills none.
        within_day: leave a gap whose line would end on a later UTC day: no hour before midnight
            then depends on what was observed after it.

    Returns:
        The complete grid with `interpolated`: whether the temperature was filled; and what stays
        missing, a row a gap: location, variable, start, hours.
    """
    grid = complete_grid(frame)
    names = [name for name in VARIABLES if name in grid]
    day = grid["time"].dt.floor("D").to_numpy()
    edge = grid["location"].ne(grid["location"].shift()).to_numpy()  # a location's first hour
    interpolated, gaps = np.zeros(len(grid), dtype=bool), []
    for name in names:
        missing = grid[name].isna().to_numpy()
        begins = np.flatnonzero(edge | (missing != np.roll(missing, 1)))
        lengths = np.diff(begins, append=len(grid))
        next_hour = (begins + lengths) % max(len(grid), 1)
        is_gap = missing[begins]
        fill = is_gap & (lengths <= limit_hours) & ~edge[begins] & ~edge[next_hour]
        if within_day:
            fill &= day[begins] == day[next_hour]
        left = is_gap & ~fill
        gaps.append(grid.loc[begins[left], ["location", "time"]].assign(hours=lengths[left]))
        short = np.repeat(fill, lengths)
        if short.any():
            grid[name] = _fill(grid[name].to_numpy(), short, circular=name == WIND_DIRECTION)
        if name == TEMPERATURE:
            interpolated = short
    table = pd.concat(gaps, keys=names, names=["variable"]).reset_index("variable")
    table = table.rename(columns={"time": "start"})[["location", "variable", "start", "hours"]]
    return (
        grid.assign(interpolated=interpolated),
        table.sort_values(["location", "variable", "start"], ignore_index=True),
    )


def _fill(values: Floats, short: Flags, *, circular: bool) -> Floats:
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
