"""A synthetic, physically plausible climate of any place.

Weather systems pass as waves. Ahead of a low the pressure falls and warm air flows poleward; the
air's temperature integrates that flow, so pressure and wind today tell something of tomorrow.
Cloud follows the low; it dims the sun by day and keeps the warmth by night; rain falls from the
thickest. The farther east of the Atlantic, the more continental: larger seasons and anomalies.
"""

import numpy as np
import numpy.typing as npt

from triptych.weather.locations import Location

Floats = npt.NDArray[np.float64]
Hours = npt.NDArray[np.int64]
Instants = npt.NDArray[np.generic]  # hours since 1970-01-01 00:00 UTC

_WAVE_PERIOD = 120.0  # hours between two lows
_KMH = 14.0  # wind of one standard deviation
_SOLAR_CONSTANT = 1361.0  # W/m²
_YEAR_HOURS = 24 * 365.2422
_GOLDEN = 0x9E3779B97F4A7C15
_STREAM = 0xD1B54A32D192ED03


def generate(place: Location, seed: int, hours: Hours) -> dict[str, Floats]:
    """Generate hours (since 1970) of the nine variables in Open-Meteo's units, not rounded."""
    n, inland = len(hours), _continentality(place)
    warming = decay(6.0, 48) / decay(6.0, 48).sum()  # how the ground's warmth follows the sun
    before = np.arange(hours[0] - len(warming) + 1, hours[-1] + 1)
    pressure, poleward, air_mass, cloud = _systems(seed, before)
    cover = 1.0 / (1.0 + np.exp(-2.2 * cloud))
    # Kasten and Czeplak, Solar Energy 24 (1980): what cloud lets through
    radiation = clear_sky_radiation(place.latitude, place.longitude, before) * (
        1.0 - 0.75 * cover**3.4
    )
    air, swing = _air_temperature(place, before, air_mass)
    gain = 0.011 + 0.008 * inland  # °C for a steady W/m²: less by the sea
    warmth = trailing(gain * radiation - 2.0 * (1.0 - 0.75 * cover), warming)
    temperature = air[-n:] + warmth + 0.4 * coloured(seed, 10, hours, decay(4.0))
    dryness = 4.5 + 0.25 * swing - 2.2 * cloud + coloured(seed, 11, before, decay(12.0))
    dew_point = np.minimum(temperature - 0.1, (air - np.logaddexp(0.0, dryness))[-n:])

    gust = [0.2 * coloured(seed, stream, hours, decay(5.0)) for stream in (20, 21)]
    eastward = _KMH * (0.5 - 0.6 * pressure[-n:] + gust[0])
    northward = _KMH * (poleward[-n:] + gust[1]) * np.sign(place.latitude)
    friction = (0.9 - 0.35 * inland) * (1.0 + radiation[-n:] / 2000.0)

    sea_level = 1014.0 + 9.0 * pressure[-n:] * (1.0 - 0.2 * np.tanh(swing[-n:] / 5.0))
    excess = cloud[-n:] - 1.0 + 0.4 * coloured(seed, 30, hours, decay(3.0))
    return {
        "temperature_2m": temperature,
        "relative_humidity_2m": 100.0 * _vapour(dew_point) / _vapour(temperature),
        "dew_point_2m": dew_point,
        # the ICAO standard atmosphere
        "surface_pressure": sea_level * (1.0 - 2.25577e-5 * place.elevation) ** 5.25588,
        "cloud_cover": 100.0 * cover[-n:],
        "wind_speed_10m": friction * np.hypot(eastward, northward),
        "wind_direction_10m": np.degrees(np.arctan2(-eastward, -northward)) % 360.0,
        "precipitation": 0.9 * np.maximum(excess, 0.0) ** 1.5,  # from the thickest cloud only
        "shortwave_radiation": radiation[-n:],
    }


def _continentality(place: Location) -> float:
    """Return 0 at the ocean, 1 deep inland."""
    return float(np.clip((place.longitude + 10.0) / 40.0, 0.0, 1.0))


def _systems(seed: int, hours: Hours) -> tuple[Floats, Floats, Floats, Floats]:
    """Return pressure, flow from the equator's side, air mass and cloud, of about unit variance."""
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
    return pressure, poleward, air_mass, cloud


def _air_temperature(place: Location, hours: Hours, air_mass: Floats) -> tuple[Floats, Floats]:
    """Temperature of the air mass in °C, and how far the season swings from the year's mean."""
    inland = _continentality(place)
    lag = 24.0 * (45.0 - 20.0 * inland)
    year = np.arange(0.0, _YEAR_HOURS, 24.0)
    mean = float(daily_insolation(place.latitude, year).mean())
    swing = (0.018 + 0.017 * inland) * (daily_insolation(place.latitude, hours - lag) - mean)
    level = 27.0 * np.cos(np.radians(1.3 * place.latitude)) - 0.0065 * place.elevation
    spread = (2.1 + 2.3 * inland) * (1.0 - 0.25 * np.tanh(swing / 5.0))
    return level + swing + spread * air_mass, swing


def _vapour(temperature: Floats) -> Floats:
    """Saturation vapour pressure in hPa (Magnus; Alduchov and Eskridge, J. Appl. Met. 1996)."""
    return np.asarray(6.1094 * np.exp(17.625 * temperature / (temperature + 243.04)))


def declination(hours: Instants) -> Floats:
    """Declination in radians (Cooper, Solar Energy 12, 1969)."""
    turn = 2.0 * np.pi * (hours.astype(np.float64) / _YEAR_HOURS + 284.0 / 365.0)
    return np.asarray(np.radians(23.45) * np.sin(turn))


def clear_sky_radiation(latitude: float, longitude: float, hours: Instants) -> Floats:
    """Mean in W/m² over the hour before each hour, without cloud (Haurwitz, J. Met. 2, 1945)."""
    middle = hours.astype(np.float64) - 0.5
    angle = np.pi * ((middle + longitude / 15.0) % 24.0 - 12.0) / 12.0
    tilt, phi = declination(middle), np.radians(latitude)
    height = np.sin(phi) * np.sin(tilt) + np.cos(phi) * np.cos(tilt) * np.cos(angle)
    lit = np.maximum(height, 1e-3)
    return np.where(height > 0.0, 1098.0 * lit * np.exp(-0.057 / lit), 0.0)


def daily_insolation(latitude: float, hours: Instants) -> Floats:
    """Daily mean at the top of the atmosphere in W/m² around each hour.

    Liou, An Introduction to Atmospheric Radiation (2002), equation 2.2.21, for a circular orbit.
    """
    tilt, phi = declination(hours), np.radians(latitude)
    sunset = np.arccos(np.clip(-np.tan(phi) * np.tan(tilt), -1.0, 1.0))
    flat = np.cos(phi) * np.cos(tilt) * np.sin(sunset)
    return np.asarray(_SOLAR_CONSTANT / np.pi * (sunset * np.sin(phi) * np.sin(tilt) + flat))


def uniform(seed: int, stream: int, hours: Hours) -> Floats:
    """Draw a number in [0, 1) for each hour; it depends on the hour alone."""
    return (_hash(seed, stream, hours) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def white(seed: int, stream: int, hours: Hours) -> Floats:
    """Draw a number of mean 0 and variance 1 for each hour: four uniforms' sum, near normal."""
    bits = _hash(seed, stream, hours)
    quarters = [(bits >> np.uint64(shift)) & np.uint64(0xFFFF) for shift in (0, 16, 32, 48)]
    total = np.sum(quarters, axis=0, dtype=np.float64) / 2.0**16 - 2.0
    return np.asarray(total * np.sqrt(3.0))


def coloured(seed: int, stream: int, hours: Hours, kernel: Floats) -> Floats:
    """Noise of unit variance for consecutive hours: white noise weighed over the past."""
    past = np.arange(hours[0] - len(kernel) + 1, hours[-1] + 1)
    return trailing(white(seed, stream, past), kernel / np.sqrt(np.sum(kernel**2)))


def trailing(values: Floats, kernel: Floats) -> Floats:
    """Weigh each value and those before it; the first len(kernel) - 1, without a past, drop out."""
    size = 1 << (len(values) + len(kernel) - 2).bit_length()
    product = np.fft.rfft(values, size) * np.fft.rfft(kernel, size)
    return np.asarray(np.fft.irfft(product, size)[len(kernel) - 1 : len(values)])


def decay(scale: float, length: int = 0) -> Floats:
    """Weights that fall by e every `scale` hours, over `length` hours or five times `scale`."""
    return np.asarray(np.exp(-np.arange(length or int(5 * scale)) / scale))


def _hash(seed: int, stream: int, hours: Hours) -> npt.NDArray[np.uint64]:
    """Mix seed, stream and hour as splitmix64 does (Steele, Lea and Flood, OOPSLA 2014)."""
    key = np.uint64((seed * _GOLDEN + (stream + 1) * _STREAM) % 2**64)
    return _mix(_mix(hours.astype(np.uint64) * np.uint64(_GOLDEN) + key) ^ key)


def _mix(bits: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
