"""Sources of hourly weather: the Open-Meteo services and the embedded synthetic climate."""

from typing import Any

from triptych.weather.locations import SourceKind
from triptych.weather.sources.base import WeatherSource


def make_source(kind: SourceKind, **options: Any) -> WeatherSource:
    """Open the embedded synthetic climate or, with its `options`, OpenMeteo."""
    if kind == "sample":
        from triptych.weather.sources.sample import SampleClimate

        return SampleClimate()
    from triptych.weather.sources.open_meteo import OpenMeteo

    return OpenMeteo(**options)
