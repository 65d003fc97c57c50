"""From hours to the history that forecasters take."""

import pandas as pd

from triptych.weather.interpolation import interpolate
from triptych.weather.steps import to_history, to_three_hours


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
