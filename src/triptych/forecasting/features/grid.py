"""The long history frame as dense arrays: location x 3-hour step, NaN where missing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.forecasting.contract import STEP, STEP_HOURS
from triptych.forecasting.errors import HistoryError, OriginError

TEMPERATURE = "temperature_2m"
HOURLY_TEMPERATURES = ("temperature_2m_h0", "temperature_2m_h1", "temperature_2m_h2")
OPTIONAL_VARIABLES = (
    *HOURLY_TEMPERATURES,
    "relative_humidity_2m",
    "dew_point_2m",
    "surface_pressure",
    "cloud_cover",
    "wind_speed_10m",
    "wind_direction_10m",
    "precipitation",
    "shortwave_radiation",
)
NWP_COLUMN = re.compile(r"nwp_(?P<model>.+)_day(?P<day>[1-9])")  # features.nwp
REQUIRED_COLUMNS = ("location", "time", "latitude", "longitude", TEMPERATURE)

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


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
        return np.arange(self.first, self.first + self.length)

    @property
    def end(self) -> int:
        """Number of the step after the last one."""
        return self.first + self.length

    def only(self, *variables: str) -> "Grid":
        """Return the grid with these variables alone."""
        return replace(self, values={name: self.values[name] for name in variables})


def to_grid(history: pd.DataFrame) -> Grid:
    """Put a history frame (contract.Forecaster) on its grid; HistoryError if it breaks the
    contract.
    """
    _check_columns(history)
    step = step_numbers(history["time"])
    codes, names = pd.factorize(history["location"], sort=True)
    first = int(step.min())
    shape = (len(names), int(step.max()) - first + 1)
    cell = codes.astype(np.int64) * shape[1] + (step - first)
    _check_keys(history, cell)
    present = [name for name in (TEMPERATURE, *OPTIONAL_VARIABLES) if name in history]
    return Grid(
        locations=tuple(str(name) for name in names),
        first=first,
        values={name: _dense(history[name], cell, shape) for name in present},
        latitude=_constant(history, "latitude", codes, names),
        longitude=_constant(history, "longitude", codes, names),
        nwp={
            name: _dense(history[name], cell, shape)
            for name in filter(NWP_COLUMN.fullmatch, map(str, history))
        },
    )


def step_numbers(times: "pd.Series[pd.Timestamp] | pd.DatetimeIndex") -> IntArray:
    """Number of 3-hour steps from 1970-01-01 00:00 UTC to each time; OriginError or HistoryError if
    off the grid.
    """
    index = pd.DatetimeIndex(times)
    if index.tz is None:
        raise HistoryError(
            "Times must carry the UTC zone, but these have none. Localise them: tz_localize('UTC')."
        )
    seconds = index.tz_convert("UTC").as_unit("s").asi8
    numbers, rest = np.divmod(seconds, STEP_HOURS * 3600)
    off = (rest != 0) | (index != index.floor("s"))
    if bool(off.any()):
        raise OriginError(
            f"Times must lie on the 3-hour grid (00, 03, … 21 UTC), but {index[off][0]} does not."
        )
    return np.asarray(numbers, dtype=np.int64)


def step_times(numbers: IntArray) -> pd.DatetimeIndex:
    """UTC times of step numbers; the inverse of `step_numbers`."""
    epoch = pd.Timestamp("1970-01-01", tz="UTC")
    return pd.DatetimeIndex(epoch + numbers * STEP)


def _check_columns(history: pd.DataFrame) -> None:
    missing = [name for name in REQUIRED_COLUMNS if name not in history]
    if missing:
        raise HistoryError(
            f"The history must have the columns {', '.join(REQUIRED_COLUMNS)}, but lacks "
            f"{', '.join(missing)}. Build it from weather_3h and locations."
        )
    if history.empty:
        raise HistoryError("The history has no row: ingest and preprocess some weather first.")


def _check_keys(history: pd.DataFrame, cell: IntArray) -> None:
    doubled = pd.Series(cell).duplicated().to_numpy()
    if bool(doubled.any()):
        row = history[["location", "time"]].iloc[int(doubled.argmax())]
        raise HistoryError(
            f"The history must have one row a location and time, but {row['location']} at "
            f"{row['time']} is there twice. Drop the doubled rows."
        )


def _dense(column: "pd.Series[float]", cell: IntArray, shape: tuple[int, int]) -> FloatArray:
    dense = np.full(shape[0] * shape[1], np.nan)
    dense[cell] = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return dense.reshape(shape)


def _constant(
    history: pd.DataFrame, column: str, codes: npt.NDArray[np.intp], names: "pd.Index[str]"
) -> FloatArray:
    grouped = pd.Series(history[column].to_numpy(dtype=np.float64)).groupby(codes)
    low, high = grouped.min().to_numpy(), grouped.max().to_numpy()
    wrong = ~(low == high)
    if bool(wrong.any()):
        raise HistoryError(
            f"{column} must be one number a location, but {names[int(wrong.argmax())]} has none or "
            "several. Correct the locations file."
        )
    return np.asarray(low, dtype=np.float64)
