"""Three-hour steps, and the history that forecasters take."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.weather.hourly_grid import hourly_grid
from triptych.weather.variables import (
    PRECIPITATION,
    TEMPERATURE,
    VARIABLES,
    WIND_DIRECTION,
    WIND_SPEED,
)

STEP_HOURS = 3
_CALM = 1e-9  # km/h

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
    grid = hourly_grid(frame, STEP_HOURS)
    names = [name for name in VARIABLES if name in frame]
    values = grid.spread(frame[names].to_numpy(dtype=np.float64)).reshape(
        -1, STEP_HOURS, len(names)
    )
    steps = values.mean(axis=1)
    for index, name in enumerate(names):
        if name == PRECIPITATION:
            steps[:, index] = values[:, :, index].sum(axis=1)
    if WIND_SPEED in names and WIND_DIRECTION in names:
        wind = [names.index(WIND_SPEED), names.index(WIND_DIRECTION)]
        steps[:, wind] = _mean_wind(*(values[:, :, index] for index in wind))
    made = (
        grid.spread(frame["interpolated"].to_numpy(dtype=np.float64)).reshape(-1, STEP_HOURS) == 1
    )
    known = ~np.isnan(values[:, :, names.index(TEMPERATURE)])
    return grid.keys(STEP_HOURS).assign(
        **dict(zip(names, steps.T, strict=True)),
        hours_observed=(known & ~made).sum(axis=1),
        hours_interpolated=(known & made).sum(axis=1),
    )


def to_history(
    hourly: pd.DataFrame, three_hours: pd.DataFrame, locations: pd.DataFrame
) -> pd.DataFrame:
    """Join what forecasters take: the steps, their three hourly temperatures, and the place.

    Args:
        hourly: location, time, temperature_2m, as `interpolate` gives it.
        three_hours: location, time, the variables, as `to_three_hours` gives it.
        locations: location, latitude, longitude.

    Returns:
        location, time, the nine variables (NaN where a source has none), temperature_2m_h0, _h1
        and _h2, latitude, longitude; sorted by location and time.
    """
    hours = hourly.set_index(["location", "time"])[TEMPERATURE]
    history = three_hours.sort_values(["location", "time"], ignore_index=True)
    history = history.reindex(columns=["location", "time", *VARIABLES])
    for hour in range(STEP_HOURS):
        keys = pd.MultiIndex.from_arrays(
            [history["location"], history["time"] + pd.Timedelta(hours=hour)]
        )
        history[f"{TEMPERATURE}_h{hour}"] = hours.reindex(keys).to_numpy()
    places = locations.set_index("location")[["latitude", "longitude"]]
    return history.join(places, on="location")


def _mean_wind(speed: Floats, degrees: Floats) -> Floats:
    """Speed and direction of the mean wind vector; no direction where it vanishes."""
    angles = np.radians(degrees)
    east, north = (speed * np.sin(angles)).mean(axis=1), (speed * np.cos(angles)).mean(axis=1)
    strength = np.hypot(east, north)
    calm = strength < _CALM
    direction = np.where(calm, np.nan, np.degrees(np.arctan2(east, north)) % 360.0)
    return np.stack([np.where(calm, 0.0, strength), direction], axis=1)
