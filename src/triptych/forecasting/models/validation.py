"""Checks of a forecaster's input."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from triptych.forecasting.contract import STEPS_PER_DAY
from triptych.forecasting.errors import OriginError, ShortHistoryError
from triptych.forecasting.features.grid import TEMPERATURE, Grid, IntArray, step_numbers, step_times

MIN_TRAINING_DAYS = 365


def check_enough(grid: Grid, needed: int = MIN_TRAINING_DAYS) -> int:
    """Return the days that the temperatures of every location span.

    Raises:
        ShortHistoryError: fewer than `needed` days at some location.
    """
    known = np.isfinite(grid.values[TEMPERATURE])
    first = np.where(known.any(axis=1), known.argmax(axis=1), grid.length)
    last = np.where(known.any(axis=1), grid.length - known[:, ::-1].argmax(axis=1), grid.length)
    days = (last - first) // STEPS_PER_DAY
    worst = int(days.argmin())
    if days[worst] < needed:
        raise ShortHistoryError(
            f"Training needs {needed} days of temperatures a location, but "
            f"{grid.locations[worst]} has {days[worst]}. Start the training period earlier."
        )
    return int(days[worst])


def check_origins(grid: Grid, origins: pd.DatetimeIndex) -> IntArray:
    """Step numbers of the origins, sorted and unique.

    OriginError for none, for one off the 3-hour grid, or after the history's end: what lies between
    would be unknown. ShortHistoryError for one with less than a day before it.
    """
    if len(origins) == 0:
        raise OriginError("There is no origin to forecast from: give at least one instant.")
    steps = np.unique(step_numbers(origins))
    if steps[-1] > grid.end:
        origin, end = step_times(np.array([steps[-1], grid.end]))
        raise OriginError(
            f"The history ends at {end}, so nothing is known just before the origin {origin}. "
            f"Forecast from {end} with longer leads, or bring the history up to date."
        )
    if steps[0] < grid.first + STEPS_PER_DAY:
        origin, start = step_times(np.array([steps[0], grid.first]))
        raise ShortHistoryError(
            f"A forecast needs a day of history before it, but the history starts at {start} and "
            f"the origin is {origin}. Give an earlier start of the history."
        )
    return steps


def check_leads(leads: Sequence[int], max_lead: int) -> IntArray:
    """The leads, sorted and unique; OriginError outside 1 … `max_lead`."""
    numbers = np.unique(np.asarray(list(leads), dtype=np.int64))
    if len(numbers) == 0 or numbers[0] < 1 or numbers[-1] > max_lead:
        found = f"{numbers[0]} to {numbers[-1]}" if len(numbers) else "none"
        raise OriginError(
            f"Leads go from 1 to {max_lead} (the max_lead it was made with), but these are {found}."
        )
    return numbers
