"""Exogenous variables known when a forecast is issued: lagged observations, sun and calendar."""

from collections.abc import Iterable, Mapping

import numpy as np

from triptych.forecasting.contract import STEPS_PER_DAY
from triptych.forecasting.features.climatology import annual_basis
from triptych.forecasting.features.feature_table import at_steps
from triptych.forecasting.features.grid import (
    HOURLY_TEMPERATURES,
    TEMPERATURE,
    FloatArray,
    IntArray,
)
from triptych.forecasting.features.panel import Panel
from triptych.forecasting.features.solar import solar_elevation

Lags = Mapping[str, tuple[int, ...]]

LAGS: Lags = dict.fromkeys(
    (
        "dew_point_2m",
        "relative_humidity_2m",
        "surface_pressure",
        "cloud_cover",
        "wind_u",
        "wind_v",
        "shortwave_radiation",
        "precipitation",
    ),
    (1, 2, 4, 8),
)
# Models that version 0.1 stored (as `sarimax`) also regress on lags of the target.
LAGS_0_1: Lags = {
    TEMPERATURE: tuple(range(1, 9)),
    **dict.fromkeys(HOURLY_TEMPERATURES, (1,)),
    **LAGS,
}
SUN = "sun_of_day"
CALENDAR = ("intercept", "sun_sine", "sun_sine_lag1", "year_cos", "year_sin")


def lagged_names(variables: Iterable[str], lags: Lags = LAGS) -> tuple[str, ...]:
    """Names of the columns of `lagged`, for the variables that the training data has."""
    present = set(variables)
    return tuple(f"{name}_lag{lag}" for name in lags if name in present for lag in lags[name])


def lagged(panel: Panel, origins: IntArray, lags: Lags = LAGS) -> FloatArray:
    """Anomalies before each origin in training standard deviations, NaN where missing: shape
    (location, origin, column).
    """
    columns = [
        at_steps(panel, panel.anomalies[name], origins - lag)[..., None]
        for name in lags
        if name in panel.anomalies
        for lag in lags[name]
    ]
    none = np.empty((len(panel.grid.locations), len(origins), 0))
    return np.concatenate([none, *columns], axis=2)


def season_names(harmonics: int) -> tuple[str, ...]:
    """Names of the columns of `season`."""
    waves = [f"year_{wave}{order}" for order in range(1, harmonics + 1) for wave in ("cos", "sin")]
    return (SUN, *waves)


def season(panel: Panel, origins: IntArray, harmonics: int) -> FloatArray:
    """The day that begins at each origin: mean solar elevation above the horizon in radians, and
    annual harmonics; shape (location, origin, column).
    """
    steps = origins[:, None] + np.arange(STEPS_PER_DAY)
    sun = np.radians(np.maximum(_elevation(panel, steps), 0)).mean(axis=2)
    waves = annual_basis(origins, harmonics)[:, 1:]
    spread = np.broadcast_to(waves, (len(sun), *waves.shape))
    return np.concatenate([sun[:, :, None], spread], axis=2)


def calendar(panel: Panel, steps: IntArray) -> FloatArray:
    """Regressors known in advance: the columns CALENDAR, shape (location, step, column).

    Solar elevation counts as its sine, of the step and of the one before: air warms with a delay.
    """
    sun = np.sin(np.radians(_elevation(panel, steps[:, None] - np.arange(2))))
    waves = np.broadcast_to(annual_basis(steps, 1), (len(sun), len(steps), 3))
    return np.concatenate([waves[..., :1], sun, waves[..., 1:]], axis=2)


def _elevation(panel: Panel, steps: IntArray) -> FloatArray:
    latitude, longitude = panel.grid.latitude[:, None, None], panel.grid.longitude[:, None, None]
    return solar_elevation(latitude, longitude, steps[None])
