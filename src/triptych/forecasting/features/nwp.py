"""Numerical weather predictions (NWP) that are known at an issue time: the leak rule.

A history carries them as columns `nwp_<model>_day<N>`: the 3-hour mean of the 2 m temperature, °C,
from runs initialised at least 24 N hours before each hour (Open-Meteo's `previous_dayN`).
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.forecasting.arrays import FloatArray, IntArray, known_mean
from triptych.forecasting.contract import STEP_HOURS, TEMPERATURE
from triptych.forecasting.features.grid import NWP_COLUMN, Grid

DAY_HOURS = 24
PUBLICATION_DELAY_HOURS = 6


def usable_lead_day(time: Any, as_of: pd.Timestamp, publication_delay: float) -> IntArray:
    """The smallest N of at least 1 whose `previous_dayN` was published at the issue time: 24 N
    covers the hours from issue to target plus the publication delay.

    `time`: starts of hours. Day 0 is never usable: its run may be newer.
    """
    ahead = pd.DatetimeIndex(time) - as_of
    return _lead_day(ahead.total_seconds().to_numpy() / 3600 + publication_delay)


def nwp_column(model: str, lead_day: int) -> str:
    """The history's column of a weather model and lead day."""
    return f"nwp_{model}_day{lead_day}"


def lead_days_by_model(columns: Iterable[str]) -> dict[str, list[int]]:
    """The lead days of each weather model among the columns, models and days sorted."""
    found: dict[str, list[int]] = {}
    for match in filter(None, map(NWP_COLUMN.fullmatch, sorted(columns))):
        found.setdefault(match["model"], []).append(int(match["day"]))
    return found


def usable_forecasts(
    grid: Grid, origins: IntArray, leads: IntArray, delay_hours: int
) -> FloatArray:
    """Each model's latest published forecast, °C, else NaN: (location, origin, model, lead)."""
    models = lead_days_by_model(grid.nwp)
    first = _lead_day(STEP_HOURS * leads - 1 + delay_hours)  # the last hour of a step counts
    steps = origins[:, None] + leads - 1
    table = np.full((len(grid.locations), len(origins), len(models), len(leads)), np.nan)
    for row, (model, days) in enumerate(models.items()):
        for day in days:
            values = grid.at_steps(grid.nwp[nwp_column(model, day)], steps)
            wanted = (day >= first) & np.isnan(table[:, :, row])
            table[:, :, row] = np.where(wanted, values, table[:, :, row])
    return table


def mean_forecasts(grid: Grid, origins: IntArray, leads: IntArray, delay_hours: int) -> FloatArray:
    """Mean of the models' most recent published forecasts, °C, shape (location, origin, lead)."""
    return known_mean(usable_forecasts(grid, origins, leads, delay_hours), axis=2)


def recent_errors(grid: Grid, origins: IntArray, count: int, age: int = 0) -> FloatArray:
    """Errors of each model's day-1 forecasts (less observed, °C) of the last `count` steps before
    an origin, latest first: (location, origin, model, step); NaN for the last `age` steps, not
    observed yet.
    """
    back = np.arange(1, count + 1)
    steps = origins[:, None] - back
    observed = np.where(back > age, grid.at_steps(grid.values[TEMPERATURE], steps), np.nan)
    forecasts = [
        grid.at_steps(grid.nwp[nwp_column(model, days[0])], steps)
        for model, days in lead_days_by_model(grid.nwp).items()
    ]
    return np.stack(forecasts, axis=2) - observed[:, :, None]


def with_models(grid: Grid, models: tuple[str, ...]) -> Grid:
    """The grid with the forecasts of these weather models alone, NaN for one it lacks."""
    found = lead_days_by_model(grid.nwp)
    if tuple(found) == models:
        return grid
    missing = np.full((len(grid.locations), grid.length), np.nan)
    columns = [nwp_column(model, day) for model in models for day in found.get(model, [1])]
    return replace(grid, nwp={name: grid.nwp.get(name, missing) for name in columns})


def _lead_day(hours: npt.NDArray[Any]) -> IntArray:
    """The lead day that covers these hours from initialisation to target."""
    return np.maximum(np.ceil(hours / DAY_HOURS), 1).astype(np.int64)
