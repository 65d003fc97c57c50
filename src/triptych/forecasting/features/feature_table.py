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

from collections.abc import Iterable, Iterator

import numpy as np

from triptych.forecasting.contract import STEPS_PER_DAY
from triptych.forecasting.features.climatology import annual_basis
from triptych.forecasting.features.grid import (
    HOURLY_TEMPERATURES,
    TEMPERATURE,
    FloatArray,
    IntArray,
)
from triptych.forecasting.features.neighbours import Neighbours
from triptych.forecasting.features.panel import Float32Array, Panel, windowed
from triptych.forecasting.features.solar import solar_elevation

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
PLACE_AND_SEASON = ("latitude", "longitude", "origin_step", "year_cos", "year_sin")
TARGET_DAYS = (1, 2, 3)
OF_TARGET = (
    "target_lead",
    "target_step",
    "target_normal",
    "target_slope",
    "target_sun",
    *(f"target_day{day}" for day in TARGET_DAYS),
)


def origin_feature_names(variables: Iterable[str], neighbours: int) -> tuple[str, ...]:
    """Names of the columns of `origin_features`, for the variables that the training data has."""
    present = set(variables)
    own = tuple(f"{variable}_{kind}{number}" for variable, kind, number in _each(OWN, present))
    near = tuple(
        f"neighbour{rank + 1}_{variable}_{kind}{number}"
        for rank in range(neighbours)
        for variable, kind, number in _each(OF_NEIGHBOURS, present)
    )
    return own + near + PLACE_AND_SEASON


def origin_features(panel: Panel, neighbours: Neighbours, origins: IntArray) -> Float32Array:
    """Features that do not depend on the target, shape (location, origin, feature), float32."""
    present = set(panel.climatology.coefficients)
    columns = [_term(panel, term, origins) for term in _each(OWN, present)]
    near = [_term(panel, term, origins) for term in _each(OF_NEIGHBOURS, present)]
    for rank in range(neighbours.count):
        rows = neighbours.rows(panel.grid.locations)[:, rank]
        columns += [np.where((rows >= 0)[:, None], column[rows], np.nan) for column in near]
    shape = (len(panel.grid.locations), len(origins))
    basis = annual_basis(origins, 1)
    for fixed in (
        panel.grid.latitude[:, None],
        panel.grid.longitude[:, None],
        origins % STEPS_PER_DAY,
        basis[:, 1],
        basis[:, 2],
    ):
        columns.append(np.broadcast_to(fixed, shape).astype(np.float32))
    return np.stack(columns, axis=-1, dtype=np.float32)


def target_features(panel: Panel, origins: IntArray, leads: IntArray) -> Float32Array:
    """The features OF_TARGET, shape (location, origin, lead, feature), float32."""
    targets = origins[:, None] + leads - 1
    shape = (len(panel.grid.locations), *targets.shape)
    normal = panel.climatology.normal(TEMPERATURE, panel.rows[:, None, None], targets)
    last = panel.climatology.normal(TEMPERATURE, panel.rows[:, None, None], origins[:, None] - 1)
    sun = solar_elevation(
        panel.grid.latitude[:, None, None], panel.grid.longitude[:, None, None], targets
    )
    columns: list[FloatArray | IntArray | Float32Array] = [
        np.broadcast_to(leads, shape),
        np.broadcast_to(targets % STEPS_PER_DAY, shape),
        normal,
        normal - last,
        sun,
    ]
    for day in TARGET_DAYS:
        then = targets - day * STEPS_PER_DAY
        value = at_steps(panel, panel.anomalies[TEMPERATURE], then)
        columns.append(np.where(then < origins[:, None], value, np.nan))
    return np.stack(columns, axis=-1, dtype=np.float32, casting="same_kind")


def _each(terms: Terms, present: set[str]) -> Iterator[tuple[str, str, int]]:
    for variable, kind, numbers in terms:
        if variable in present:
            for number in numbers:
                yield variable, kind, number


def _term(panel: Panel, term: tuple[str, str, int], origins: IntArray) -> Float32Array:
    variable, kind, number = term
    values = panel.anomalies[variable]
    if kind == "lag":
        return at_steps(panel, values, origins - number)
    if kind == "change":
        return at_steps(panel, values, origins - 1) - at_steps(panel, values, origins - 1 - number)
    return at_steps(panel, windowed(values, kind, number), origins - 1)


def at_steps(panel: Panel, values: Float32Array, steps: IntArray) -> Float32Array:
    """Values at step numbers, shape (location, *steps); NaN outside the history."""
    column = steps - panel.grid.first
    inside = (column >= 0) & (column < panel.grid.length)
    found = values[:, np.clip(column, 0, panel.grid.length - 1)]
    return np.asarray(np.where(inside, found, np.float32(np.nan)), dtype=np.float32)
