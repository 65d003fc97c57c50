"""Sources of hourly weather: the Open-Meteo services and the embedded synthetic climate."""

from typing import Any

from triptych.weather.locations import SourceKind
from triptych.weather.sources.base import WeatherSource


def make_source(kind: SourceKind, *, models: str = "era5", **options: Any) -> WeatherSource:
    """Open the source of this kind. All but the kind concerns Open-Meteo alone.

    Args:
        kind: `sample`, the embedded synthetic climate, or `open_meteo`.
        models: the reanalysis; the archive's own default is a blend whose grid changes over time.
        options: of `OpenMeteo`.
    """
    if kind == "sample":
        from triptych.weather.sources.sample import SampleClimate

        return SampleClimate()
    from triptych.weather.sources.open_meteo import OpenMeteo

    return OpenMeteo(models=models, **options)
