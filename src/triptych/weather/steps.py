"""Three-hour steps, and the history that forecasters take."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.weather.interpolation import complete_grid, interpolate
from triptych.weather.variables import (
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


def to_three_hours(frame: pd.DataFrame) -> pd.DataFrame:
    """Average hours to 3-hour steps: the step of 00h is the mean of 00, 01 and 02.

    Precipitation is summed; the wind is averaged as u/v components per hour, so that its speed is
    that of the mean vector. A step with an hour missing has no value for that variable. A last step
    without all its hours is left out.

    Args:
        frame: location, time (UTC, hourly), any of the variables, and `interpolated`, as
            `interpolate` gives it.

    Returns:
        location, time (start of the step), the variables, hours_observed and hours_interpolated:
        how many of the step's temperatures were observed, and filled in.
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


def to_history(
    hourly: pd.DataFrame, three_hours: pd.DataFrame, locations: pd.DataFrame
) -> pd.DataFrame:
    """Join what forecasters take: the steps, their three hourly temperatures, and the place.

    Args:
        hourly: location, time, temperature_2m.
        three_hours: the steps of the same hours, as `to_three_hours` gives them.
        locations: location, latitude, longitude.

    Returns:
        location, time, the nine variables (NaN where a source has none), temperature_2m_h0, _h1
        and _h2, latitude, longitude; sorted by location and time.
    """
    history = three_hours.reindex(columns=[*_KEYS, *VARIABLES])
    hours = _by_step(complete_grid(hourly, STEP_HOURS), TEMPERATURE)
    for hour in range(STEP_HOURS):
        history[f"{TEMPERATURE}_h{hour}"] = hours[:, hour]
    places = locations.set_index("location")[["latitude", "longitude"]]
    return history.join(places, on="location")


def hours_to_history(
    locations: pd.DataFrame, limit_hours: int, hours: pd.DataFrame
) -> pd.DataFrame:
    """Build the history of forecasters.

    Here no gap is filled across midnight UTC: the line would carry a value of the next day into
    the forecast issued at that midnight.

    Args:
        locations: rows of the table `locations`.
        limit_hours: the longest gap that is interpolated.
        hours: rows of `weather_hourly`.
    """
    completed = interpolate(hours, limit_hours, within_day=True).frame
    return to_history(completed, to_three_hours(completed), locations)


def nwp_to_three_hours(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Average hourly NWP forecasts to 3-hour steps; a step without all its hours is left out.

    Args:
        forecasts: rows of `nwp_forecasts`: location, time, model, lead_day, temperature_2m.

    Returns:
        The same columns, `time` the start of the step; sorted by location, model, lead_day, time.
    """
    keys = ["location", "model", "lead_day", "time"]
    steps = forecasts.assign(time=forecasts["time"].dt.floor(f"{STEP_HOURS}h"))
    means = steps.groupby(keys, observed=True)[TEMPERATURE].agg(["mean", "count"])
    complete = means.loc[means["count"] == STEP_HOURS, "mean"].rename(TEMPERATURE).reset_index()
    return complete[["location", "time", "model", "lead_day", TEMPERATURE]]


def with_nwp(history: pd.DataFrame, forecasts: pd.DataFrame) -> pd.DataFrame:
    """Add the columns `nwp_<model>_day<N>` (forecasting.features.nwp) and the steps of their own.

    Args:
        history: as `hours_to_history` gives it.
        forecasts: rows of `nwp_forecasts`; without any the history is returned unchanged.
    """
    if forecasts.empty:
        return history
    steps = nwp_to_three_hours(forecasts)
    names = "nwp_" + steps["model"].astype(str) + "_day" + steps["lead_day"].astype(str)
    wide = steps.assign(name=names).pivot(index=_KEYS, columns="name", values=TEMPERATURE)
    joined = history.merge(wide.reset_index(), on=_KEYS, how="outer")
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
