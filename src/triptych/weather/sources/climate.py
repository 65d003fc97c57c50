"""A synthetic, physically plausible climate of any place.

Weather systems pass as waves. Ahead of a low the pressure falls and warm air flows poleward; the
air's temperature integrates that flow, so pressure and wind today tell something of tomorrow.
Cloud follows the low; it dims the sun by day and keeps the warmth by night; rain falls from the
thickest. The farther east of the Atlantic, the more continental: larger seasons and anomalies.
"""

from dataclasses import dataclass

import numpy as np

from triptych.weather.sources.insolation import clear_sky_radiation, daily_insolation
from triptych.weather.sources.noise import Floats, Hours, coloured, decay, trailing

_WARMING = decay(6.0, 48) / decay(6.0, 48).sum()  # how the ground's warmth follows the sun
_WAVE_PERIOD = 120.0  # hours between two lows
_KMH = 14.0  # wind of one standard deviation


@dataclass(frozen=True)
class Place:
    """Degrees north and east, metres above the sea, and the seed of its weather."""

    latitude: float
    longitude: float
    elevation: float
    seed: int

    @property
    def continentality(self) -> float:
        """0 at the ocean, 1 deep inland."""
        return float(np.clip((self.longitude + 10.0) / 40.0, 0.0, 1.0))


@dataclass(frozen=True)
class _Systems:
    """The hidden weather, each of about unit variance: what the variables have in common."""

    pressure: Floats
    poleward: Floats  # flow from the equator's side
    air_mass: Floats
    cloud: Floats


def generate(place: Place, hours: Hours) -> dict[str, Floats]:
    """Generate consecutive hours of weather.

    Args:
        place: where.
        hours: consecutive hours since 1970-01-01 00:00 UTC.

    Returns:
        The nine variables in Open-Meteo's names and units, not rounded.
    """
    n = len(hours)
    before = np.arange(hours[0] - len(_WARMING) + 1, hours[-1] + 1)
    systems = _systems(place.seed, before)
    cover = 1.0 / (1.0 + np.exp(-2.2 * systems.cloud))
    # Kasten and Czeplak, Solar Energy 24 (1980): what cloud lets through
    radiation = clear_sky_radiation(place.latitude, place.longitude, before) * (
        1.0 - 0.75 * cover**3.4
    )
    air, swing = _air_temperature(place, before, systems)
    gain = 0.011 + 0.008 * place.continentality  # °C for a steady W/m²: less by the sea
    warmth = trailing(gain * radiation - 2.0 * (1.0 - 0.75 * cover), _WARMING)
    temperature = air[-n:] + warmth + 0.4 * coloured(place.seed, 10, hours, decay(4.0))
    dryness = (
        4.5 + 0.25 * swing - 2.2 * systems.cloud + coloured(place.seed, 11, before, decay(12.0))
    )
    dew_point = np.minimum(temperature - 0.1, (air - np.logaddexp(0.0, dryness))[-n:])
    speed, direction = _wind(place, hours, systems, radiation[-n:])
    return {
        "temperature_2m": temperature,
        "relative_humidity_2m": 100.0 * _vapour(dew_point) / _vapour(temperature),
        "dew_point_2m": dew_point,
        "surface_pressure": _surface_pressure(place, systems.pressure[-n:], swing[-n:]),
        "cloud_cover": 100.0 * cover[-n:],
        "wind_speed_10m": speed,
        "wind_direction_10m": direction,
        "precipitation": _rain(place, hours, systems.cloud[-n:]),
        "shortwave_radiation": radiation[-n:],
    }


def _systems(seed: int, hours: Hours) -> _Systems:
    """Make the waves, and what follows from them with its own share of chance."""
    fade = decay(40.0)
    turn = 2.0 * np.pi * np.arange(len(fade)) / _WAVE_PERIOD
    low = np.convolve(fade * np.sin(turn), decay(8.0))
    flow = np.convolve(fade * -np.cos(turn), decay(8.0))
    swirl, advection = decay(24.0), decay(70.0)
    pressure = coloured(seed, 0, hours, low)
    poleward = 0.8 * coloured(seed, 0, hours, flow) + 0.6 * coloured(seed, 1, hours, swirl)
    # the first two are what the poleward flow has carried here, in its own proportions
    air_mass = (
        0.57 * coloured(seed, 0, hours, np.convolve(flow, advection))
        + 0.67 * coloured(seed, 1, hours, np.convolve(swirl, advection))
        + 0.36 * coloured(seed, 2, hours, decay(24.0))
        + 0.3 * coloured(seed, 3, hours, decay(360.0))
    )
    cloud = 0.45 * poleward - 0.6 * pressure + 0.6 * coloured(seed, 4, hours, decay(9.0))
    return _Systems(pressure, poleward, air_mass, cloud)


def _air_temperature(place: Place, hours: Hours, systems: _Systems) -> tuple[Floats, Floats]:
    """Temperature of the air mass in °C, and how far the season swings from the year's mean."""
    inland = place.continentality
    lag = 24.0 * (45.0 - 20.0 * inland)
    insolation, mean = daily_insolation(place.latitude, hours - lag)
    swing = (0.018 + 0.017 * inland) * (insolation - mean)
    level = 27.0 * np.cos(np.radians(1.3 * place.latitude)) - 0.0065 * place.elevation
    spread = (2.1 + 2.3 * inland) * (1.0 - 0.25 * np.tanh(swing / 5.0))
    return level + swing + spread * systems.air_mass, swing


def _wind(place: Place, hours: Hours, systems: _Systems, sun: Floats) -> tuple[Floats, Floats]:
    """Speed in km/h and the direction in degrees that the wind comes from."""
    n, seed = len(hours), place.seed
    gust = [0.2 * coloured(seed, stream, hours, decay(5.0)) for stream in (20, 21)]
    eastward = _KMH * (0.5 - 0.6 * systems.pressure[-n:] + gust[0])
    northward = _KMH * (systems.poleward[-n:] + gust[1]) * np.sign(place.latitude)
    friction = (0.9 - 0.35 * place.continentality) * (1.0 + sun / 2000.0)
    direction = np.degrees(np.arctan2(-eastward, -northward)) % 360.0
    return friction * np.hypot(eastward, northward), direction


def _surface_pressure(place: Place, wave: Floats, swing: Floats) -> Floats:
    """Pressure in hPa at the place's elevation in the ICAO standard atmosphere."""
    sea_level = 1014.0 + 9.0 * wave * (1.0 - 0.2 * np.tanh(swing / 5.0))
    return np.asarray(sea_level * (1.0 - 2.25577e-5 * place.elevation) ** 5.25588)


def _rain(place: Place, hours: Hours, cloud: Floats) -> Floats:
    """Rain of the hour in mm: from the thickest cloud only."""
    excess = cloud - 1.0 + 0.4 * coloured(place.seed, 30, hours, decay(3.0))
    return np.asarray(0.9 * np.maximum(excess, 0.0) ** 1.5)


def _vapour(temperature: Floats) -> Floats:
    """Saturation vapour pressure in hPa (Magnus; Alduchov and Eskridge, J. Appl. Met. 1996)."""
    return np.asarray(6.1094 * np.exp(17.625 * temperature / (temperature + 243.04)))
