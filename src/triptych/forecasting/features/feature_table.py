"""Explanatory variables known when a forecast is issued: the one table of their names.

| name | meaning |
|---|---|
| `<variable>_lag<k>` | anomaly of the k-th step before the origin |
| `<variable>_change<k>` | anomaly of the last step less that of k steps earlier |
| `<variable>_mean<w>`, `_min<w>`, `_max<w>` | of the anomalies known in the last w steps |
| `neighbour<j>_<one of the above>` | the same at the j-th nearest location of the training data |
| `latitude`, `longitude` | degrees |
| `origin_step` | step of the day of the origin, 0 to 7 |
| `year_cos`, `year_sin` | first annual harmonic at the origin |
| `target_lead`, `target_step` | lead and step of the day of the target |
| `target_normal` | climatology of the target, °C |
| `target_slope` | climatology of the target less that of the last step known, °C |
| `target_sun` | elevation of the sun at the middle of the target step, degrees |
| `target_day<d>` | temperature anomaly d days before the target, NaN where that is not yet known |

Anomalies are from the climatology, in training standard deviations, NaN where missing.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from triptych.forecasting.arrays import Float32Array, FloatArray, IntArray, running_sums
from triptych.forecasting.contract import STEPS_PER_DAY, TEMPERATURE
from triptych.forecasting.features.grid import HOURLY_TEMPERATURES
from triptych.forecasting.features.panel import Neighbours, Panel, annual_basis, solar_elevation

Terms = tuple[tuple[str, str, tuple[int, ...]], ...]

OWN: Terms = (
    (TEMPERATURE, "lag", (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 20, 24, 32, 40, 48, 56)),
    *((hourly, "lag", (1, 2, 3, 4, 5, 6, 7, 8)) for hourly in HOURLY_TEMPERATURES),
    ("dew_point_2m", "lag", (1, 2, 3, 4, 6, 8, 12, 16)),
    ("relative_humidity_2m", "lag", (1, 2, 3, 4, 6, 8)),
    ("surface_pressure", "lag", (1, 2, 3, 4, 6, 8, 12, 16, 24)),
    ("cloud_cover", "lag", (1, 2, 3, 4, 6, 8)),
    ("wind_u", "lag", (1, 2, 3, 4, 6, 8, 12, 16)),
    ("wind_v", "lag", (1, 2, 3, 4, 6, 8, 12, 16)),
    ("shortwave_radiation", "lag", (1, 2, 3, 4, 5, 6, 7, 8)),
    ("precipitation", "lag", (1, 2)),
    (TEMPERATURE, "change", (1, 8, 16)),
    ("dew_point_2m", "change", (1, 2, 8)),
    ("relative_humidity_2m", "change", (1, 2, 8)),
    ("surface_pressure", "change", (1, 2, 4, 8, 16)),
    ("cloud_cover", "change", (1, 4, 8)),
    ("wind_u", "change", (1, 2, 8)),
    ("wind_v", "change", (1, 2, 8)),
    (TEMPERATURE, "mean", (8, 24, 56, 240)),
    (TEMPERATURE, "min", (8, 24)),
    (TEMPERATURE, "max", (8, 24)),
    ("dew_point_2m", "mean", (8, 24)),
    ("surface_pressure", "mean", (8, 40)),
    ("cloud_cover", "mean", (8, 24)),
    ("wind_u", "mean", (8,)),
    ("wind_v", "mean", (8,)),
    ("shortwave_radiation", "mean", (8, 24, 240)),
    ("precipitation", "mean", (8, 24, 240)),
)
OF_NEIGHBOURS: Terms = (
    (TEMPERATURE, "lag", (1, 2, 4, 8)),
    ("dew_point_2m", "lag", (1, 4)),
    ("surface_pressure", "lag", (1, 4, 8)),
    ("cloud_cover", "lag", (1, 4)),
    ("wind_u", "lag", (1, 4)),
    ("wind_v", "lag", (1, 4)),
    (TEMPERATURE, "change", (8,)),
    ("surface_pressure", "change", (1, 4, 8)),
    (TEMPERATURE, "mean", (8,)),
)
# What `sarima_ridge` regresses on; models that version 0.1 stored (as `sarimax`) also have lags of
# the target.
LAGS: Terms = tuple(
    (name, kind, (1, 2, 4, 8))
    for name, kind, _ in OWN
    if kind == "lag" and not name.startswith(TEMPERATURE)
)
LAGS_0_1: Terms = (
    (TEMPERATURE, "lag", tuple(range(1, 9))),
    *((hourly, "lag", (1,)) for hourly in HOURLY_TEMPERATURES),
    *LAGS,
)
CALENDAR = ("intercept", "sun_sine", "sun_sine_lag1", "year_cos", "year_sin")
PLACE_AND_SEASON = ("latitude", "longitude", "origin_step", "year_cos", "year_sin")
TARGET_DAYS = (1, 2, 3)
OF_TARGET = (
    "target_lead", "target_step", "target_normal", "target_slope", "target_sun",
    *(f"target_day{day}" for day in TARGET_DAYS),
)  # fmt: skip


def origin_feature_names(variables: Iterable[str], neighbours: int) -> tuple[str, ...]:
    """Names of the columns of `origin_features`, for the variables that the training data has."""
    near = lagged_names(variables, OF_NEIGHBOURS)
    ranked = (f"neighbour{rank + 1}_{name}" for rank in range(neighbours) for name in near)
    return (*lagged_names(variables, OWN), *ranked, *PLACE_AND_SEASON)


def origin_features(panel: Panel, neighbours: Neighbours, origins: IntArray) -> Float32Array:
    """Features that do not depend on the target, shape (location, origin, feature), float32."""
    columns = _columns(panel, OWN, origins)
    near = _columns(panel, OF_NEIGHBOURS, origins)
    for rows in neighbours.rows(panel.grid.locations).T:
        columns += [np.where((rows >= 0)[:, None], column[rows], np.nan) for column in near]
    shape = (len(panel.grid.locations), len(origins))
    place = (panel.grid.latitude[:, None], panel.grid.longitude[:, None])
    for fixed in (*place, origins % STEPS_PER_DAY, *annual_basis(origins, 1).T[1:]):
        columns.append(np.broadcast_to(fixed, shape).astype(np.float32))
    return np.stack(columns, axis=-1, dtype=np.float32)


def target_features(panel: Panel, origins: IntArray, leads: IntArray) -> Float32Array:
    """The features OF_TARGET, shape (location, origin, lead, feature), float32."""
    targets = origins[:, None] + leads - 1
    shape = (len(panel.grid.locations), *targets.shape)
    normal = panel.normal(targets)
    columns: list[npt.NDArray[Any]] = [
        np.broadcast_to(leads, shape),
        np.broadcast_to(targets % STEPS_PER_DAY, shape),
        normal,
        normal - panel.normal(origins[:, None] - 1),
        _elevation(panel, targets),
    ]
    for day in TARGET_DAYS:
        then = targets - day * STEPS_PER_DAY
        columns.append(np.where(then < origins[:, None], panel.at_steps(TEMPERATURE, then), np.nan))
    return np.stack(columns, axis=-1, dtype=np.float32)


def lagged_names(variables: Iterable[str], terms: Terms) -> tuple[str, ...]:
    """Names of the columns of `lagged`, for the variables that the training data has."""
    present = set(variables)
    return tuple(
        f"{variable}_{kind}{number}"
        for variable, kind, numbers in terms
        if variable in present
        for number in numbers
    )


def lagged(panel: Panel, origins: IntArray, terms: Terms) -> FloatArray:
    """Anomalies before each origin, NaN where missing: shape (location, origin, column)."""
    none = np.empty((len(panel.grid.locations), len(origins), 0))
    columns = (column[..., None] for column in _columns(panel, terms, origins))
    return np.concatenate([none, *columns], axis=2)


def season_names(harmonics: int) -> tuple[str, ...]:
    """Names of the columns of `season`."""
    waves = [f"year_{wave}{order}" for order in range(1, harmonics + 1) for wave in ("cos", "sin")]
    return ("sun_of_day", *waves)


def season(panel: Panel, origins: IntArray, harmonics: int) -> FloatArray:
    """Mean sun above the horizon in radians, annual harmonics: (location, origin, column)."""
    steps = origins[:, None] + np.arange(STEPS_PER_DAY)
    sun = np.radians(np.maximum(_elevation(panel, steps), 0)).mean(axis=2)
    waves = annual_basis(origins, harmonics)[:, 1:]
    spread = np.broadcast_to(waves, (len(sun), *waves.shape))
    return np.concatenate([sun[:, :, None], spread], axis=2)


def calendar(panel: Panel, steps: IntArray) -> FloatArray:
    """Regressors known in advance, the columns CALENDAR, shape (location, step, column): solar
    elevation as its sine, also of the step before, because air warms with a delay.
    """
    sun = np.sin(np.radians(_elevation(panel, steps[:, None] - np.arange(2))))
    waves = np.broadcast_to(annual_basis(steps, 1), (len(sun), len(steps), 3))
    return np.concatenate([waves[..., :1], sun, waves[..., 1:]], axis=2)


def windowed(values: Float32Array, kind: str, width: int) -> Float32Array:
    """`mean`, `min` or `max` of the known values of the `width` steps that end with each, NaN if
    none: shape (location, step). Four times faster than pandas' rolling.
    """
    known = np.isfinite(values)
    if kind == "mean":
        total, count = (running_sums(own, width) for own in (np.where(known, values, 0), known))
        mean = np.divide(total, count, out=np.full(values.shape, np.nan), where=count > 0)
        return np.asarray(mean, dtype=np.float32)
    from scipy.ndimage import maximum_filter1d

    sign = np.float32(1 if kind == "max" else -1)
    best = maximum_filter1d(
        np.where(known, sign * values, np.float32(-np.inf)), width, axis=1,
        mode="constant", cval=-np.inf, origin=(width - 1) // 2,
    )  # fmt: skip
    return np.where(np.isfinite(best), sign * best, np.float32(np.nan))


def _columns(panel: Panel, terms: Terms, origins: IntArray) -> list[Float32Array]:
    """The terms of the variables that there are, each of shape (location, origin)."""
    made = []
    for variable, kind, numbers in terms:
        for number in numbers if variable in panel.anomalies else ():
            if kind == "lag":
                column = panel.at_steps(variable, origins - number)
            elif kind == "change":
                before = panel.at_steps(variable, origins - 1 - number)
                column = panel.at_steps(variable, origins - 1) - before
            else:
                values = windowed(panel.anomalies[variable], kind, number)
                column = panel.grid.at_steps(values, origins - 1)
            made.append(column)
    return made


def _elevation(panel: Panel, steps: IntArray) -> FloatArray:
    """Solar elevation of each location in degrees, shape (location, *steps); steps has two axes."""
    latitude, longitude = panel.grid.latitude[:, None, None], panel.grid.longitude[:, None, None]
    return solar_elevation(latitude, longitude, steps)
