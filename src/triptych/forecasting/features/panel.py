"""What is normal for a place, a day of the year and a step of the day, and where the sun stands."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.forecasting.arrays import Float32Array, FloatArray, IntArray, known_mean
from triptych.forecasting.contract import STEP_HOURS, STEPS_PER_DAY, TEMPERATURE
from triptych.forecasting.errors import ForecastingError
from triptych.forecasting.features.grid import Grid, step_times

STEPS_PER_YEAR = 365.2425 * STEPS_PER_DAY
HARMONICS = 3
YEAR_DAYS, MOST_OF_A_YEAR_DAYS = 365, 270
TREND_YEARS = 5  # of history from which a linear trend is estimated
SHRINKAGE = 0.5  # of the trend: that of a decade is about as uncertain as it is large
JITTER = 1e-10  # makes an unobserved step solvable, moves an observed one by nothing that shows
TILE = 16  # rows; a multiple of what BLAS libraries take at once
DAYS_TO_J2000 = 10957.5  # from 1970-01-01 00:00 UTC to 2000-01-01 12:00 UTC
CONSTANT = 1e-3  # a smaller spread, in the unit of any of our variables, is rounding
SHOWN = 5  # names in a message


@dataclass(frozen=True, slots=True)
class Climatology:
    """Annual harmonics for each of the eight steps of the day.

    `start`, `end`: steps of the training period, `end` exclusive. `coefficients[variable]`:
    (location, 8, 1 + 2 x harmonics), with one more column for the linear trend per decade where the
    history is long enough. `scale[variable]`: (location,), standard deviation of the training
    anomalies; 1 where they are constant or missing.
    """

    locations: tuple[str, ...]
    start: int
    end: int
    coefficients: Mapping[str, FloatArray]
    scale: Mapping[str, FloatArray]

    def normal(self, variable: str, rows: IntArray, steps: IntArray) -> FloatArray:
        """Normal value of a variable; location indices `rows` and step numbers broadcast."""
        table = self.coefficients[variable]
        basis = _basis(steps, table.shape[2])
        step = steps % STEPS_PER_DAY
        # Term by term, not by BLAS: a value must not depend on how many are requested with it.
        total = table[rows, step, 0]
        for term in range(1, table.shape[2]):
            total = total + table[rows, step, term] * basis[..., term]
        return np.asarray(total, dtype=np.float64)


def annual_basis(steps: IntArray, harmonics: int) -> FloatArray:
    """1, cos and sin of the annual harmonics at step numbers; shape (*steps, 1 + 2 x harmonics)."""
    angle = 2 * np.pi * (steps % STEPS_PER_YEAR) / STEPS_PER_YEAR
    waves = [np.ones(np.shape(steps))]
    for order in range(1, harmonics + 1):
        waves += [np.cos(order * angle), np.sin(order * angle)]
    return np.stack(waves, axis=-1)


def _basis(steps: IntArray, terms: int) -> FloatArray:
    """The annual harmonics and, for an even number of terms, decades since 2010."""
    waves = annual_basis(steps, (terms - 1) // 2)
    if terms % 2:
        return waves
    decades = (steps / STEPS_PER_YEAR - 40) / 10
    return np.concatenate([waves, decades[..., None]], axis=-1)


def harmonics_of(days: int) -> int:
    """Return how many annual harmonics a history of so many days can tell apart."""
    return HARMONICS if days >= YEAR_DAYS else int(days >= MOST_OF_A_YEAR_DAYS)


def fit_climatology(grid: Grid, harmonics: int = HARMONICS) -> Climatology:
    """Least squares of every variable of the grid on the harmonics, all locations at once."""
    coefficients, scale = {}, {}
    rows = np.arange(len(grid.locations))[:, None]
    terms = 1 + 2 * harmonics + (grid.length >= TREND_YEARS * STEPS_PER_YEAR)
    for name, values in grid.values.items():
        coefficients[name] = _coefficients(values, grid.steps, terms)
        fitted = Climatology(grid.locations, grid.first, grid.end, coefficients, {})
        anomalies = values - fitted.normal(name, rows, grid.steps[None, :])
        spread = np.sqrt(known_mean(np.square(anomalies), axis=1))
        scale[name] = np.where(spread > CONSTANT, spread, 1.0)
    return Climatology(grid.locations, grid.first, grid.end, coefficients, scale)


def join_climatologies(parts: Sequence[Climatology]) -> Climatology:
    """The climatology of all parts' locations, in their order; all have the same variables."""
    names = parts[0].coefficients
    terms = max(part.coefficients[name].shape[-1] for part in parts for name in names)

    def pad(own: FloatArray) -> FloatArray:  # a short history has no trend
        return np.pad(own, ((0, 0), (0, 0), (0, terms - own.shape[-1])))

    return Climatology(
        tuple(name for part in parts for name in part.locations),
        min(part.start for part in parts),
        max(part.end for part in parts),
        {name: np.concatenate([pad(part.coefficients[name]) for part in parts]) for name in names},
        {name: np.concatenate([part.scale[name] for part in parts]) for name in names},
    )


def _coefficients(values: FloatArray, steps: IntArray, terms: int) -> FloatArray:
    table = np.zeros((len(values), STEPS_PER_DAY, terms))
    for step in range(STEPS_PER_DAY):
        chosen = steps % STEPS_PER_DAY == step
        basis = _basis(steps[chosen], terms)
        known = np.isfinite(values[:, chosen])
        products = (basis[:, :, None] * basis[:, None, :]).reshape(len(basis), -1)
        gram = _product(known, products).reshape(-1, terms, terms)
        gram += JITTER * max(1, len(basis)) * np.eye(terms)
        moment = _product(np.where(known, values[:, chosen], 0.0), basis)
        found = np.linalg.solve(gram, moment[..., None])[..., 0]
        if terms % 2 == 0:
            middle = _product(known, basis[:, -1:])[:, 0] / np.maximum(known.sum(axis=1), 1)
            found[:, 0] += (1 - SHRINKAGE) * found[:, -1] * middle
            found[:, -1] *= SHRINKAGE
        table[:, step] = found
    return table


def _product(rows: npt.NDArray[Any], table: FloatArray) -> FloatArray:
    """Matrix product whose rows do not depend on their number: BLAS rounds partial tiles apart."""
    padded = np.zeros((-(-len(rows) // TILE) * TILE, rows.shape[1]))
    padded[: len(rows)] = rows
    return np.asarray((padded @ table)[: len(rows)], dtype=np.float64)


def solar_elevation(latitude: FloatArray, longitude: FloatArray, step: IntArray) -> FloatArray:
    """Solar elevation in degrees at the middle of each 3-hour step; arguments broadcast together.

    Low-precision coordinates of the Astronomical Almanac (Michalsky, Solar Energy 40, 1988,
    227-235).
    """
    days = (step * STEP_HOURS + STEP_HOURS / 2) / 24 - DAYS_TO_J2000
    mean_longitude = 280.460 + 0.9856474 * days
    anomaly = np.radians(357.528 + 0.9856003 * days)
    ecliptic = np.radians(mean_longitude + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly))
    obliquity = np.radians(23.439 - 0.0000004 * days)
    declination = np.arcsin(np.sin(obliquity) * np.sin(ecliptic))
    right_ascension = np.arctan2(np.cos(obliquity) * np.sin(ecliptic), np.cos(ecliptic))
    sidereal = np.radians(280.46062 + 360.98564737 * days + longitude)
    hour_angle = sidereal - right_ascension
    phi = np.radians(latitude)
    sine = np.sin(phi) * np.sin(declination) + np.cos(phi) * np.cos(declination) * np.cos(
        hour_angle
    )
    return np.asarray(np.degrees(np.arcsin(np.clip(sine, -1, 1))), dtype=np.float64)


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
