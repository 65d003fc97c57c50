"""Where the sun stands: known for any time, past or future."""

import numpy as np

from triptych.forecasting.contract import STEP_HOURS
from triptych.forecasting.features.grid import FloatArray, IntArray

DAYS_TO_J2000 = 10957.5  # from 1970-01-01 00:00 UTC to 2000-01-01 12:00 UTC


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
