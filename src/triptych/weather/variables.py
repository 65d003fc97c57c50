"""The weather variables: Open-Meteo's names and units, and what is physically possible."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Variable:
    """A variable's unit as the source writes it, and the values that can be true."""

    unit: str
    lowest: float
    highest: float


# The ranges take in every surface record of the WMO archive of extremes with room to spare
# (wmo.asu.edu): what lies outside is a broken value, not a rare one.
VARIABLES = {
    "temperature_2m": Variable("°C", -90.0, 60.0),
    "relative_humidity_2m": Variable("%", 0.0, 100.0),
    "dew_point_2m": Variable("°C", -100.0, 40.0),
    "surface_pressure": Variable("hPa", 400.0, 1100.0),
    "cloud_cover": Variable("%", 0.0, 100.0),
    "wind_speed_10m": Variable("km/h", 0.0, 450.0),
    "wind_direction_10m": Variable("°", 0.0, 360.0),
    "precipitation": Variable("mm", 0.0, 500.0),
    "shortwave_radiation": Variable("W/m²", -5.0, 1500.0),
}

TEMPERATURE = "temperature_2m"
DEW_POINT = "dew_point_2m"
WIND_DIRECTION = "wind_direction_10m"
PRECIPITATION = "precipitation"
