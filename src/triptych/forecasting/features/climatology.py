"""What is normal for a place, a day of the year and a step of the day, and where the sun stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from triptych.forecasting.arrays import FloatArray, IntArray, known_mean
from triptych.forecasting.contract import STEP_HOURS, STEPS_PER_DAY
from triptych.forecasting.features.grid import Grid

STEPS_PER_YEAR = 365.2425 * STEPS_PER_DAY
HARMONICS = 3
YEAR_DAYS, MOST_OF_A_YEAR_DAYS = 365, 270
TREND_YEARS = 5  # of history from which a linear trend is estimated
SHRINKAGE = 0.5  # of the trend: that of a decade is about as uncertain as it is large
JITTER = 1e-10  # makes an unobserved step solvable, moves an observed one by nothing that shows
TILE = 16  # rows; a multiple of what BLAS libraries take at once
DAYS_TO_J2000 = 10957.5  # from 1970-01-01 00:00 UTC to 2000-01-01 12:00 UTC
CONSTANT = 1e-3  # a smaller spread, in the unit of any of our variables, is rounding


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
    return Climatology(
        tuple(name for part in parts for name in part.locations),
        min(part.start for part in parts),
        max(part.end for part in parts),
        {name: np.concatenate([part.coefficients[name] for part in parts]) for name in names},
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
    """Matrix product whose rows do not depend on their number: BLAS rounds partial tiles
    differently.
    """
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
