"""The sun over a place: what reaches the ground through clear air, and what a day brings."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_SOLAR_CONSTANT = 1361.0  # W/m²
_YEAR_HOURS = 24 * 365.2422


def declination(hours: npt.NDArray[np.generic]) -> Floats:
    """Declination in radians at hours since 1970-01-01 UTC (Cooper, Solar Energy 12, 1969)."""
    turn = 2.0 * np.pi * (hours.astype(np.float64) / _YEAR_HOURS + 284.0 / 365.0)
    return np.asarray(np.radians(23.45) * np.sin(turn))


def clear_sky_radiation(
    latitude: float, longitude: float, hours: npt.NDArray[np.generic]
) -> Floats:
    """Mean in W/m² over the hour before each hour, without cloud (Haurwitz, J. Met. 2, 1945)."""
    middle = hours.astype(np.float64) - 0.5
    angle = np.pi * ((middle + longitude / 15.0) % 24.0 - 12.0) / 12.0
    tilt, phi = declination(middle), np.radians(latitude)
    height = np.sin(phi) * np.sin(tilt) + np.cos(phi) * np.cos(tilt) * np.cos(angle)
    lit = np.maximum(height, 1e-3)
    return np.where(height > 0.0, 1098.0 * lit * np.exp(-0.057 / lit), 0.0)


def daily_insolation(latitude: float, hours: npt.NDArray[np.generic]) -> tuple[Floats, float]:
    """Daily mean at the top of the atmosphere in W/m² around each hour, and the year's mean.

    Liou, An Introduction to Atmospheric Radiation (2002), equation 2.2.21, for a circular orbit.
    """
    year = np.arange(0.0, _YEAR_HOURS, 24.0)
    return _insolation(latitude, declination(hours)), float(
        _insolation(latitude, declination(year)).mean()
    )


def _insolation(latitude: float, tilt: Floats) -> Floats:
    phi = np.radians(latitude)
    sunset = np.arccos(np.clip(-np.tan(phi) * np.tan(tilt), -1.0, 1.0))
    flat = np.cos(phi) * np.cos(tilt) * np.sin(sunset)
    return np.asarray(_SOLAR_CONSTANT / np.pi * (sunset * np.sin(phi) * np.sin(tilt) + flat))
