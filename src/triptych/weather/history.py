"""From hours to the history that forecasters take."""

import pandas as pd

from triptych.weather.interpolation import interpolate
from triptych.weather.steps import STEP_HOURS, to_history, to_three_hours
from triptych.weather.variables import TEMPERATURE


def hours_to_history(
    locations: pd.DataFrame, limit_hours: int, hours: pd.DataFrame
) -> pd.DataFrame:
    """Build steps, their three hourly temperatures and the coordinates of their location.

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
        forecasts: rows of `nwp_forecasts`; without any the history is returned as it is.
    """
    if forecasts.empty:
        return history
    steps = nwp_to_three_hours(forecasts)
    names = "nwp_" + steps["model"].astype(str) + "_day" + steps["lead_day"].astype(str)
    keys = ["location", "time"]
    wide = steps.assign(name=names).pivot(index=keys, columns="name", values=TEMPERATURE)
    joined = history.merge(wide.reset_index(), on=keys, how="outer")
    places = history.groupby("location", sort=False)[["latitude", "longitude"]].first()
    for name in places:
        joined[name] = joined["location"].map(places[name])
    return joined.sort_values(keys, ignore_index=True)
