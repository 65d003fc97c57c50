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

    Precipitation is summed; the wind is averaged as u/v components per hour. A step with an hour
    missing has no value for that variable. A last step without all its hours is left out.

    Args:
        frame: as `interpolate` gives it.

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


def hours_to_history(
    locations: pd.DataFrame, limit_hours: int, hours: pd.DataFrame
) -> pd.DataFrame:
    """Build the history of forecasters: the steps, their three hourly temperatures, and the place.

    Here no gap is filled across midnight UTC: the line would carry a value of the next day into
    the forecast issued at that midnight.

    Args:
        locations: location, latitude, longitude.
        limit_hours, hours: as `interpolate`.

    Returns:
        location, time, the nine variables (NaN where a source has none), temperature_2m_h0, _h1
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

    The hourly forecasts are averaged to 3-hour steps; a step without all its hours is left out.

    Args:
        history: as `hours_to_history` gives it.
        forecasts: rows of `nwp_forecasts`, perhaps none.
    """
    if forecasts.empty:
        return history
    steps = forecasts.assign(time=forecasts["time"].dt.floor(f"{STEP_HOURS}h"))
    series = steps.groupby([*_KEYS, "model", "lead_day"], observed=True)[TEMPERATURE]
    means = series.agg(["mean", "count"])
    wide = means.loc[means["count"] == STEP_HOURS, "mean"].unstack(["model", "lead_day"])
    wide.columns = wide.columns.map("nwp_{0[0]}_day{0[1]}".format)
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
