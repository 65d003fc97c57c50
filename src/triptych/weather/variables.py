"""The weather variables: Open-Meteo's names and units. What is possible: see `expectations.py`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Variable:
    """A variable's unit as the source writes it."""

    unit: str


VARIABLES = {
    "temperature_2m": Variable("°C"),
    "relative_humidity_2m": Variable("%"),
    "dew_point_2m": Variable("°C"),
    "surface_pressure": Variable("hPa"),
    "cloud_cover": Variable("%"),
    "wind_speed_10m": Variable("km/h"),
    "wind_direction_10m": Variable("°"),
    "precipitation": Variable("mm"),
    "shortwave_radiation": Variable("W/m²"),
}

TEMPERATURE = "temperature_2m"
DEW_POINT = "dew_point_2m"
WIND_SPEED = "wind_speed_10m"
WIND_DIRECTION = "wind_direction_10m"
PRECIPITATION = "precipitation"
