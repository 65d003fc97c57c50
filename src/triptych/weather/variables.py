"""The weather variables by Open-Meteo's names, with their units."""

VARIABLES = {
    "temperature_2m": "°C",
    "relative_humidity_2m": "%",
    "dew_point_2m": "°C",
    "surface_pressure": "hPa",
    "cloud_cover": "%",
    "wind_speed_10m": "km/h",
    "wind_direction_10m": "°",
    "precipitation": "mm",
    "shortwave_radiation": "W/m²",
}

TEMPERATURE = "temperature_2m"
DEW_POINT = "dew_point_2m"
WIND_SPEED = "wind_speed_10m"
WIND_DIRECTION = "wind_direction_10m"
PRECIPITATION = "precipitation"
