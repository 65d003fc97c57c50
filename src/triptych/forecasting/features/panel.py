"""Standardised anomalies of a history: what learned forecasters see of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.forecasting.errors import UnknownLocationError
from triptych.forecasting.features.climatology import Climatology
from triptych.forecasting.features.grid import FloatArray, Grid, IntArray, step_times

SHOWN = 5  # names in a message
Float32Array = npt.NDArray[np.float32]
CONSTANT = 1e-6  # a feature that varies less does not explain anything


@dataclass(frozen=True, slots=True)
class Panel:
    """Anomalies of a grid from a climatology, in training standard deviations.

    `anomalies[variable]`: (location, step), float32, NaN where missing. `rows`: each location's row
    in the climatology.
    """

    grid: Grid
    climatology: Climatology
    rows: IntArray
    anomalies: Mapping[str, Float32Array]


def with_wind_components(grid: Grid) -> Grid:
    """Replace wind speed and direction by components: `wind_u` to the east, `wind_v` to the north,
    km/h.
    """
    values = dict(grid.values)
    speed = values.pop("wind_speed_10m", None)
    direction = values.pop("wind_direction_10m", None)
    if speed is not None and direction is not None:
        angle = np.where(speed > 0, np.radians(direction), 0.0)  # a calm has no direction
        values["wind_u"] = -speed * np.sin(angle)
        values["wind_v"] = -speed * np.cos(angle)
    return replace(grid, values=values)


def to_panel(grid: Grid, climatology: Climatology) -> Panel:
    """Anomalies of `grid`; UnknownLocationError for a location without a climatology."""
    rows = known_rows(grid.locations, climatology.locations)
    anomalies = {}
    for name in climatology.coefficients:
        values = grid.values.get(name)
        if values is None:
            anomalies[name] = np.full((len(rows), grid.length), np.nan, dtype=np.float32)
            continue
        normal = climatology.normal(name, rows[:, None], grid.steps[None, :])
        scale = climatology.scale[name][rows][:, None]
        anomalies[name] = ((values - normal) / scale).astype(np.float32)
    return Panel(grid, climatology, rows, anomalies)


def panel_frame(panel: Panel, name: str, values: FloatArray) -> pd.DataFrame:
    """Long frame `location, time, <name>` of values of shape (location, step)."""
    times = step_times(panel.grid.steps)
    return pd.DataFrame(
        {
            "location": pd.Series(np.repeat(panel.grid.locations, len(times)), dtype="str"),
            "time": times[np.tile(np.arange(len(times)), len(values))],
            name: values.ravel(),
        }
    )


def known_rows(locations: tuple[str, ...], known: tuple[str, ...]) -> IntArray:
    """Row of each location in the training data, or UnknownLocationError."""
    index = {name: row for row, name in enumerate(known)}
    unknown = [name for name in locations if name not in index]
    if unknown:
        raise UnknownLocationError(
            f"Not in this model's training data: {', '.join(unknown[:SHOWN])}; it has "
            f"{len(known)} locations, such as {', '.join(known[:SHOWN])}. "
            "Train again with the new ones, or leave them out."
        )
    return np.array([index[name] for name in locations], dtype=np.int64)


def windowed(values: Float32Array, kind: str, width: int) -> Float32Array:
    """`mean`, `min` or `max` of the known values of the `width` steps that end with each, NaN if
    none.

    Shape (location, step). In numpy: extremes four times faster than pandas' rolling.
    """
    if kind == "mean":
        return _mean(values, width)
    sign = np.float32(1 if kind == "max" else -1)
    best = np.where(np.isfinite(values), sign * values, np.float32(-np.inf))
    span = 1
    while span < width:  # a window of 2 s is the better of two windows of s
        shift = min(span, width - span)
        best[:, shift:] = np.maximum(best[:, shift:], best[:, :-shift].copy())
        span += shift
    known = np.where(np.isfinite(best), sign * best, np.float32(np.nan))
    return np.asarray(known, dtype=np.float32)


def _mean(values: Float32Array, width: int) -> Float32Array:
    known = np.isfinite(values)
    total = _sums(np.where(known, values, 0), width)
    count = _sums(known, width)
    mean = np.divide(total, count, out=np.full(values.shape, np.nan), where=count > 0)
    return np.asarray(mean, dtype=np.float32)


def _sums(values: npt.NDArray[Any], width: int) -> FloatArray:
    running = np.cumsum(values, axis=1, dtype=np.float64)
    running[:, width:] -= running[:, :-width].copy()
    return running


def moments(raw: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of the known values of each column; 0 and 1 if there is none."""
    known = np.isfinite(raw)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, raw, 0).sum(axis=0) / count
    scale = np.sqrt(np.where(known, (raw - mean) ** 2, 0).sum(axis=0) / count)
    return mean, np.where(scale > CONSTANT, scale, 1.0)


def standardise(raw: FloatArray, mean: FloatArray, scale: FloatArray) -> FloatArray:
    """Standardised features; missing values count as average."""
    return np.nan_to_num((raw - mean) / scale, nan=0.0)


def weighted_sum(design: FloatArray, weights: FloatArray) -> FloatArray:
    """`design` (location, origin, column) times `weights` (location, column, lead).

    Column by column, not by BLAS: a forecast must not depend on how many are requested with it.
    """
    total = np.zeros((*design.shape[:2], weights.shape[2]))
    for column in range(design.shape[2]):
        total += design[:, :, column, None] * weights[:, None, column]
    return total
