"""What a regression may know of other variables when a forecast is issued."""

from collections.abc import Iterable

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

LAGS = {
    TEMPERATURE: (1, 2, 3, 4, 5, 6, 7, 8),
    **dict.fromkeys(HOURLY_TEMPERATURES, (1,)),
    **dict.fromkeys(
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
    ),
}
SUN = "sun_of_day"


def lagged_names(variables: Iterable[str]) -> tuple[str, ...]:
    """Names of the columns of `lagged`, for the variables that the training data has."""
    present = set(variables)
    return tuple(
        f"{name}_lag{lag}" for name, lags in LAGS.items() if name in present for lag in lags
    )


def lagged(panel: Panel, origins: IntArray) -> FloatArray:
    """Observations before each origin, as anomalies in training standard deviations, NaN where
    missing: shape (location, origin, column).
    """
    columns = [
        at_steps(panel, panel.anomalies[name], origins - lag)
        for name, lags in LAGS.items()
        if name in panel.anomalies
        for lag in lags
    ]
    return np.stack(columns, axis=-1).astype(np.float64)


def season_names(harmonics: int) -> tuple[str, ...]:
    """Names of the columns of `season`."""
    waves = [f"year_{wave}{order}" for order in range(1, harmonics + 1) for wave in ("cos", "sin")]
    return (SUN, *waves)


def season(panel: Panel, origins: IntArray, harmonics: int) -> FloatArray:
    """What the calendar says of the day that begins at each origin, shape (location, origin,
    column): the mean elevation of the sun above the horizon in radians, and annual harmonics.
    """
    steps = origins[:, None] + np.arange(STEPS_PER_DAY)
    latitude, longitude = panel.grid.latitude[:, None, None], panel.grid.longitude[:, None, None]
    sun = np.radians(np.maximum(solar_elevation(latitude, longitude, steps[None]), 0)).mean(axis=2)
    waves = annual_basis(origins, harmonics)[:, 1:]
    spread = np.broadcast_to(waves, (len(sun), *waves.shape))
    return np.concatenate([sun[:, :, None], spread], axis=2)
