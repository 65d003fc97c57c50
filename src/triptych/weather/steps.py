"""Hours to 3-hour steps and the history of forecasters: grid, short gaps, recent analyses."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.weather.variables import (
    DEW_POINT,
    PRECIPITATION,
    TEMPERATURE,
    VARIABLES,
    WIND_DIRECTION,
    WIND_SPEED,
)

STEP_HOURS = 3
_CALM = 1e-9  # km/h
_KEYS = ["location", "time"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
CORRECTED = (TEMPERATURE, DEW_POINT, "surface_pressure")  # additive errors of another grid


def to_three_hours(frame: pd.DataFrame) -> pd.DataFrame:
    """Average hours to 3-hour steps: the step of 00h is the mean of 00, 01 and 02.

    Precipitation is summed; the wind is averaged as u/v components per hour. A step with an hour
    missing has no value for that variable. A last step without all its hours is left out.
    hours_observed and hours_interpolated: how many of the step's temperatures were observed, and
    filled in (by `interpolate`).
    """
    grid = complete_grid(frame, STEP_HOURS)
    names = [name for name in VARIABLES if name in grid]
    hours = {name: _by_step(grid, name) for name in [*names, "interpolated"]}
    steps = grid[_KEYS][::STEP_HOURS].reset_index(drop=True)
    steps = steps.assign(**{name: hours[name].mean(axis=1) for name in names})
    if PRECIPITATION in names:
        steps[PRECIPITATION] = hours[PRECIPITATION].sum(axis=1)
    if WIND_SPEED in names and WIND_DIRECTION in names:
        steps[WIND_SPEED], steps[WIND_DIRECTION] = _mean_wind(
            hours[WIND_SPEED], hours[WIND_DIRECTION]
        )
    known, filled = ~np.isnan(hours[TEMPERATURE]), hours["interpolated"] == 1
    return steps.assign(
        hours_observed=(known & ~filled).sum(axis=1),
        hours_interpolated=(known & filled).sum(axis=1),
    )


def hours_to_history(
    locations: pd.DataFrame, limit_hours: int, hours: pd.DataFrame
) -> pd.DataFrame:
    """Build the history of forecasters: the steps, their three hourly temperatures, and the place.

    Here no gap is filled across midnight UTC: the line would carry a value of the next day into
    the forecast issued at that midnight.

    Returns location, time, the nine variables (NaN where a source has none), temperature_2m_h0, _h1
    and _h2, latitude, longitude; sorted by location and time.
    """
    completed, _ = interpolate(hours, limit_hours, within_day=True)
    history = to_three_hours(completed).reindex(columns=[*_KEYS, *VARIABLES])
    temperatures = _by_step(complete_grid(completed, STEP_HOURS), TEMPERATURE)
    for hour in range(STEP_HOURS):
        history[f"{TEMPERATURE}_h{hour}"] = temperatures[:, hour]
    places = locations.set_index("location")[["latitude", "longitude"]]
    return history.join(places, on="location")


def with_nwp(history: pd.DataFrame, forecasts: pd.DataFrame) -> pd.DataFrame:
    """Add the columns `nwp_<model>_day<N>` (forecasting.features.nwp) and the steps of their own.

    `forecasts`: location, time (hours), model, and the temperature (°C) of each lead day in a
    column of that number. They are averaged to 3-hour steps; one without all its hours is left out.
    """
    steps = forecasts.assign(time=forecasts["time"].dt.floor(f"{STEP_HOURS}h"))
    hours = steps.groupby([*_KEYS, "model"], observed=True)
    means = hours.mean().where(hours.count() == STEP_HOURS)
    wide = pd.DataFrame(means.unstack("model")).dropna(how="all").dropna(axis=1, how="all")
    if wide.empty:
        return history
    wide.columns = wide.columns.map("nwp_{0[1]}_day{0[0]}".format)
    joined = history.merge(wide.sort_index(axis=1).reset_index(), on=_KEYS, how="outer")
    places = history.groupby("location", sort=False)[["latitude", "longitude"]].first()
    for name in places:
        joined[name] = joined["location"].map(places[name])
    return joined.sort_values(_KEYS, ignore_index=True)


def _by_step(grid: pd.DataFrame, name: str) -> Floats:
    """Return a column of whole steps, a row a step."""
    return grid[name].to_numpy(dtype=np.float64).reshape(-1, STEP_HOURS)


def _mean_wind(speed: Floats, degrees: Floats) -> tuple[Floats, Floats]:
    """Speed and direction of the mean wind vector; no direction where it vanishes."""
    angles = np.radians(degrees)
    east, north = (speed * np.sin(angles)).mean(axis=1), (speed * np.cos(angles)).mean(axis=1)
    strength = np.hypot(east, north)
    calm = strength < _CALM
    direction = np.where(calm, np.nan, np.degrees(np.arctan2(east, north)) % 360.0)
    return np.where(calm, 0.0, strength), direction


def complete_grid(frame: pd.DataFrame, step: int = 1) -> pd.DataFrame:
    """Give each location every hour from its first to its last; NaN where there is no row.

    `frame`: location, time (UTC, on the hour, unique), any variables, perhaps `interpolated`; as
    float in the result, sorted by location and time. With a `step` of several hours it begins at
    the step of the first hour and ends with a whole step.
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
    or after its last. `frame` as in `complete_grid`: missing rows are gaps too. `within_day` leaves
    a gap whose line would end on a later UTC day: no hour before midnight then depends on what was
    observed after it.

    Returns the complete grid with `interpolated`: whether the temperature was filled; and what
    stays missing, a row a gap: location, variable, start, hours.
    """
    grid = complete_grid(frame)
    names = [name for name in VARIABLES if name in grid]
    day = grid["time"].to_numpy(dtype="datetime64[D]")
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


def with_recent(hours: pd.DataFrame, recent: pd.DataFrame) -> pd.DataFrame:
    """Fill values that the reanalysis lacks from the recent analysis, corrected for its bias.

    The bias of a location and step of the day is the mean difference over the hours that both have.
    `hours`, `recent`: location, time and the variables, of the reanalysis and of one analysis. The
    rows of both have `recent`: whether their temperature is an analysis.
    """
    keys = ["location", "time"]
    names = [name for name in VARIABLES if name in hours]
    both = hours[[*keys, *names]].merge(
        recent.reindex(columns=[*keys, *names]), on=keys, how="outer", suffixes=("", "_recent")
    )
    both["step"] = both["time"].dt.hour // STEP_HOURS
    groups = [both["location"], both["step"]]
    filled = both[keys].copy()
    for name in names:
        analysis = both[f"{name}_recent"]
        if name in CORRECTED:
            bias = (analysis - both[name]).groupby(groups).transform("mean")
            analysis = analysis - bias.fillna(0.0)
        filled[name] = both[name].fillna(analysis)
    filled["recent"] = np.isfinite(filled[TEMPERATURE]) & ~np.isfinite(both[TEMPERATURE])
    return filled.sort_values(keys, ignore_index=True)
