"""Hours become a complete grid, then 3-hour steps, then the history that forecasters take."""

import pandas as pd

from triptych.errors import PipelineError
from triptych.parameters import PreprocessingParameters
from triptych.periods import parse_as_of
from triptych.pipelines.selection import select_rows
from triptych.weather.hourly import interpolate
from triptych.weather.steps import to_history, to_three_hours


def select_hours(
    weather_hourly: pd.DataFrame,
    locations: pd.DataFrame,
    location: str | None,
    source: str,
    as_of: str,
    today: str,
) -> pd.DataFrame:
    """Take the hours of the run's locations that are known at `as_of`.

    Raises:
        PipelineError: there is none for a location.
    """
    issued = parse_as_of(as_of, today)
    wanted = select_rows(locations, location, source)["location"]
    known = weather_hourly[
        weather_hourly["location"].isin(wanted) & (weather_hourly["time"] < issued)
    ]
    empty = sorted(set(wanted) - set(known["location"]))
    if empty:
        raise PipelineError(
            f"Nothing is known of {', '.join(empty)} before as_of {issued:%Y-%m-%d}. Name a later "
            "as_of, or ingest earlier years: forecast.train_start says from when on."
        )
    return known.drop(columns=["source", "fetched_at"])


def complete_hours(
    hours: pd.DataFrame, preprocessing: PreprocessingParameters
) -> dict[str, pd.DataFrame]:
    """Lay the hours on a complete grid and interpolate short gaps linearly.

    Returns:
        `hourly`: the grid, a gap beyond the limit left missing; `missing_hours`: what remains.
    """
    completed = interpolate(hours, preprocessing.interpolation_limit_hours)
    return {"hourly": completed.frame, "missing_hours": completed.gaps}


def average_steps(complete_hours: pd.DataFrame, locations: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Average three hours to a step: 00h is the mean of 00, 01 and 02.

    Returns:
        `weather_3h`: the table; `history`: the same with the three hourly temperatures of each
        step and the coordinates of its location.
    """
    steps = to_three_hours(complete_hours)
    return {"weather_3h": steps, "history": to_history(complete_hours, steps, locations)}
