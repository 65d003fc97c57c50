"""The long history frame as dense arrays: location x 3-hour step, NaN where missing."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.forecasting.arrays import FloatArray, IntArray
from triptych.forecasting.contract import STEP_HOURS, STEPS_PER_DAY, TEMPERATURE
from triptych.forecasting.errors import ForecastingError, ShortHistoryError

HOURLY_TEMPERATURES = ("temperature_2m_h0", "temperature_2m_h1", "temperature_2m_h2")
OPTIONAL_VARIABLES = (
    *HOURLY_TEMPERATURES, "relative_humidity_2m", "dew_point_2m", "surface_pressure", "cloud_cover",
    "wind_speed_10m", "wind_direction_10m", "precipitation", "shortwave_radiation",
)  # fmt: skip
NWP_COLUMN = re.compile(r"nwp_(?P<model>.+)_day(?P<day>[1-9])")  # features.nwp
REQUIRED_COLUMNS = ("location", "time", "latitude", "longitude", TEMPERATURE)
MIN_TRAINING_DAYS = 365


@dataclass(frozen=True, slots=True)
class Grid:
    """A history on its regular grid.

    `values[variable]` has shape (location, step); column j is step number `first` + j, counted in
    3-hour steps from 1970-01-01 00:00 UTC. Coordinates are in degrees, shape (location,). `nwp` has
    the columns of weather models' forecasts (features.nwp), of the same shape as the values.
    """

    locations: tuple[str, ...]
    first: int
    values: Mapping[str, FloatArray]
    latitude: FloatArray
    longitude: FloatArray
    nwp: Mapping[str, FloatArray] = field(default_factory=dict)

    @property
    def length(self) -> int:
        """Number of steps."""
        return int(self.values[TEMPERATURE].shape[1])

    @property
    def steps(self) -> IntArray:
        """Step numbers of the columns."""
        return np.arange(self.first, self.end)

    @property
    def end(self) -> int:
        """Number of the step after the last one."""
        return self.first + self.length

    def only(self, *variables: str) -> "Grid":
        """Return the grid with these variables alone."""
        return replace(self, values={name: self.values[name] for name in variables})

    def at_steps(self, values: npt.NDArray[Any], steps: IntArray) -> npt.NDArray[Any]:
        """Values of shape (location, step) at step numbers: (location, *steps), NaN outside."""
        column = steps - self.first
        inside = (column >= 0) & (column < self.length)
        found = values[:, np.clip(column, 0, self.length - 1)]
        return np.where(inside, found, values.dtype.type(np.nan))


def to_grid(history: pd.DataFrame) -> Grid:
    """Put a history frame (models.base.PanelForecaster) on its grid."""
    missing = [name for name in REQUIRED_COLUMNS if name not in history]
    if missing:
        raise ForecastingError(
            f"The history must have the columns {', '.join(REQUIRED_COLUMNS)}, but lacks "
            f"{', '.join(missing)}. Build it from weather_3h and locations."
        )
    if history.empty:
        raise ForecastingError("The history has no row: ingest and preprocess some weather first.")
    step = step_numbers(history["time"])
    codes, names = pd.factorize(history["location"], sort=True)
    first = int(step.min())
    shape = (len(names), int(step.max()) - first + 1)
    cell = codes.astype(np.int64) * shape[1] + (step - first)
    doubled = pd.Series(cell).duplicated().to_numpy()
    if bool(doubled.any()):
        row = history[["location", "time"]].iloc[int(doubled.argmax())]
        raise ForecastingError(
            f"The history must have one row a location and time, but {row['location']} at "
            f"{row['time']} is there twice. Drop the doubled rows."
        )

    def dense(column: str) -> FloatArray:
        table = np.full(shape[0] * shape[1], np.nan)
        table[cell] = history[column].to_numpy(dtype=np.float64, na_value=np.nan)
        return table.reshape(shape)

    return Grid(
        locations=tuple(str(name) for name in names),
        first=first,
        values={
            name: dense(name) for name in (TEMPERATURE, *OPTIONAL_VARIABLES) if name in history
        },
        latitude=_constant(history, "latitude"),
        longitude=_constant(history, "longitude"),
        nwp={name: dense(name) for name in filter(NWP_COLUMN.fullmatch, map(str, history))},
    )


def step_numbers(times: "pd.Series[pd.Timestamp] | pd.DatetimeIndex") -> IntArray:
    """Number of 3-hour steps from 1970-01-01 00:00 UTC to each time; ForecastingError off them."""
    index = pd.DatetimeIndex(times)
    if index.tz is None:
        raise ForecastingError(
            "Times must carry the UTC zone, but these have none. Localise them: tz_localize('UTC')."
        )
    seconds = index.tz_convert("UTC").as_unit("s").asi8
    numbers, rest = np.divmod(seconds, STEP_HOURS * 3600)
    off = (rest != 0) | (index != index.floor("s"))
    if bool(off.any()):
        raise ForecastingError(
            f"Times must lie on the 3-hour grid (00, 03, … 21 UTC), but {index[off][0]} does not."
        )
    return np.asarray(numbers, dtype=np.int64)


def step_times(numbers: IntArray) -> pd.DatetimeIndex:
    """UTC times of step numbers; the inverse of `step_numbers`."""
    return pd.to_datetime(numbers * (STEP_HOURS * 3600), unit="s", utc=True)


def check_enough(grid: Grid, needed: int = MIN_TRAINING_DAYS) -> int:
    """Days that the temperatures of every location span; ShortHistoryError if fewer than needed."""
    known = np.isfinite(grid.values[TEMPERATURE])
    span = grid.length - known.argmax(axis=1) - known[:, ::-1].argmax(axis=1)
    days = np.where(known.any(axis=1), span, 0) // STEPS_PER_DAY
    worst = int(days.argmin())
    if days[worst] < needed:
        raise ShortHistoryError(
            f"Training needs {needed} days of temperatures a location, but "
            f"{grid.locations[worst]} has {days[worst]}. Start the training period earlier."
        )
    return int(days[worst])


def check_origins(grid: Grid, origins: pd.DatetimeIndex) -> IntArray:
    """Step numbers of the origins, sorted and unique.

    ForecastingError for none, for one off the 3-hour grid or after the history's end, which would
    leave a gap; ShortHistoryError for one with less than a day before it.
    """
    if len(origins) == 0:
        raise ForecastingError("There is no origin to forecast from: give at least one instant.")
    steps = np.unique(step_numbers(origins))
    start, end, first, last = step_times(np.array([grid.first, grid.end, steps[0], steps[-1]]))
    if last > end:
        raise ForecastingError(
            f"The history ends at {end}, so nothing is known just before the origin {last}. "
            f"Forecast from {end} with longer leads, or bring the history up to date."
        )
    if steps[0] < grid.first + STEPS_PER_DAY:
        raise ShortHistoryError(
            f"A forecast needs a day of history before it, but the history starts at {start} and "
            f"the origin is {first}. Give an earlier start of the history."
        )
    return steps


def check_leads(leads: Sequence[int], max_lead: int) -> IntArray:
    """The leads, sorted and unique; ForecastingError outside 1 … `max_lead`."""
    numbers = np.unique(np.asarray(list(leads), dtype=np.int64))
    if len(numbers) == 0 or numbers[0] < 1 or numbers[-1] > max_lead:
        found = f"{numbers[0]} to {numbers[-1]}" if len(numbers) else "none"
        raise ForecastingError(
            f"Leads go from 1 to {max_lead} (the max_lead it was made with), but these are {found}."
        )
    return numbers


def _constant(history: pd.DataFrame, column: str) -> FloatArray:
    spans = history.groupby("location")[column].agg(["min", "max"])
    wrong = spans["min"] != spans["max"]  # also where there is none
    if bool(wrong.any()):
        raise ForecastingError(
            f"{column} must be one number a location, but {wrong.idxmax()} has none or "
            "several. Correct the locations file."
        )
    return spans["min"].to_numpy(dtype=np.float64)
