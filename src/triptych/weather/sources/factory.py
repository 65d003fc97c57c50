"""Open the source of a kind."""

from triptych.weather.locations import SourceKind
from triptych.weather.sources.base import ATTEMPTS, OPEN_METEO_URL, TIMEOUT_SECONDS, WeatherSource


def make_source(
    kind: SourceKind,
    *,
    base_url: str = OPEN_METEO_URL,
    models: str = "era5",
    timeout: float = TIMEOUT_SECONDS,
    attempts: int = ATTEMPTS,
    api_key: str | None = None,
) -> WeatherSource:
    """Open the source of this kind. All but the kind concerns the archive alone.

    Args:
        kind: `sample`, the embedded synthetic climate, or `open_meteo`, the archive.
        base_url: the address below which `/v1/archive` answers.
        models: the reanalysis; the archive's own default is a blend whose grid changes over time.
        timeout: seconds that one answer may take.
        attempts: how often one request is made at most.
        api_key: of a commercial plan.
    """
    if kind == "sample":
        from triptych.weather.sources.sample import SampleClimate

        return SampleClimate()
    from triptych.weather.sources.open_meteo import OpenMeteoArchive

    return OpenMeteoArchive(
        base_url, models=models, timeout=timeout, attempts=attempts, api_key=api_key
    )
