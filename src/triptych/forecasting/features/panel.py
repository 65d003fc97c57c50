"""Standardised anomalies of a history, and the neighbours of its locations."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.forecasting.arrays import Float32Array, FloatArray, IntArray
from triptych.forecasting.contract import TEMPERATURE
from triptych.forecasting.errors import ForecastingError
from triptych.forecasting.features.climatology import Climatology
from triptych.forecasting.features.grid import Grid, step_times

SHOWN = 5  # names in a message


@dataclass(frozen=True, slots=True)
class Panel:
    """Anomalies of a grid from a climatology, in training standard deviations: by variable
    (location, step), float32, NaN where missing. `rows`: each location's row in the climatology.
    """

    grid: Grid
    climatology: Climatology
    rows: IntArray
    anomalies: Mapping[str, Float32Array]

    def at_steps(self, variable: str, steps: IntArray) -> Float32Array:
        """Anomalies of a variable at step numbers: (location, *steps), NaN outside the history."""
        return self.grid.at_steps(self.anomalies[variable], steps)

    def normal(self, steps: IntArray) -> FloatArray:
        """Climatology of the temperature in °C at step numbers of two axes: (location, *steps)."""
        return self.climatology.normal(TEMPERATURE, self.rows[:, None, None], steps)


def with_wind_components(grid: Grid) -> Grid:
    """Replace wind speed and direction by `wind_u` to the east and `wind_v` to the north, km/h."""
    values = dict(grid.values)
    speed = values.pop("wind_speed_10m", None)
    direction = values.pop("wind_direction_10m", None)
    if speed is not None and direction is not None:
        angle = np.where(speed > 0, np.radians(direction), 0.0)  # a calm has no direction
        values["wind_u"] = -speed * np.sin(angle)
        values["wind_v"] = -speed * np.cos(angle)
    return replace(grid, values=values)


def to_panel(grid: Grid, climatology: Climatology) -> Panel:
    """Anomalies of `grid`; ForecastingError for a location without a climatology."""
    rows = known_rows(grid.locations, climatology.locations)
    anomalies, missing = {}, np.full((len(rows), grid.length), np.nan)
    for name in climatology.coefficients:
        values = grid.values.get(name, missing)
        normal = climatology.normal(name, rows[:, None], grid.steps[None, :])
        scale = climatology.scale[name][rows][:, None]
        anomalies[name] = ((values - normal) / scale).astype(np.float32)
    return Panel(grid, climatology, rows, anomalies)


def long_frame(locations: Sequence[str], **columns: npt.NDArray[Any]) -> pd.DataFrame:
    """Long frame of arrays (location, …) that broadcast together; `time` and `as_of` are steps."""
    arrays = np.broadcast_arrays(*columns.values())
    names = np.array(locations, dtype=object)
    frame: dict[str, Any] = {"location": np.repeat(names, arrays[0].size // len(names))}
    for name, values in zip(columns, arrays, strict=True):
        flat = values.ravel()
        frame[name] = step_times(flat) if name in ("time", "as_of") else flat
    return pd.DataFrame(frame).astype({"location": "str"})


def known_rows(locations: Iterable[str], known: Iterable[str]) -> IntArray:
    """Row of each location in the training data, or ForecastingError."""
    wanted, trained = pd.Index(list(locations)), pd.Index(list(known))
    rows = trained.get_indexer(wanted)
    unknown = wanted[rows < 0]
    if len(unknown):
        raise ForecastingError(
            f"Not in this model's training data: {', '.join(unknown[:SHOWN])}; it has "
            f"{len(trained)} locations, such as {', '.join(trained[:SHOWN])}. "
            "Train again with the new ones, or leave them out."
        )
    return np.asarray(rows, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The nearest other locations: `table` (location, rank) holds their rows, -1 for none."""

    locations: tuple[str, ...]
    table: IntArray

    def rows(self, locations: tuple[str, ...]) -> IntArray:
        """Rows of the neighbours within `locations`, shape (location, rank), -1 if absent."""
        here = np.append(pd.Index(locations).get_indexer(pd.Index(self.locations)), -1)
        return np.asarray(here[self.table[known_rows(locations, self.locations)]], dtype=np.int64)

    def of(self, locations: Iterable[str]) -> set[str]:
        """The neighbours of these locations."""
        wanted = self.table[known_rows(locations, self.locations)]
        return {self.locations[row] for row in wanted[wanted >= 0]}


def find_neighbours(grid: Grid, count: int) -> Neighbours:
    """The `count` nearest other locations of each, by great circle, nearest first."""
    from sklearn.neighbors import NearestNeighbors

    table = np.full((len(grid.locations), count), -1, dtype=np.int64)
    found = min(count, len(table) - 1)
    if found > 0:
        points = np.radians(np.stack([grid.latitude, grid.longitude], axis=1))
        index = NearestNeighbors(n_neighbors=found, algorithm="ball_tree", metric="haversine")
        table[:, :found] = index.fit(points).kneighbors(return_distance=False)  # without itself
    return Neighbours(grid.locations, table)
