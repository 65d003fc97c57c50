"""The source of the weather, opened when it is loaded and asked request by request."""

from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError

from triptych.weather.locations import SourceKind
from triptych.weather.source import WeatherSource, make_source


class WeatherSourceDataset(AbstractDataset[NoReturn, WeatherSource]):
    """Loads a client, not data: a node fetches a year at a time, and Kedro saves each at once.

    Example, in the catalog:

    ```yaml
    weather_source:
      type: triptych.datasets.WeatherSourceDataset
      kind: open_meteo
      credentials: open_meteo # {archive_url: …, api_key: …}
    ```

    Args:
        kind: `sample` or `open_meteo`.
        models: the archive's reanalysis; its default blends models whose grid changes over time.
        credentials: `archive_url`, the address below which `/v1/archive` answers; `api_key` of a
            commercial plan, or none.
    """

    def __init__(
        self,
        *,
        kind: SourceKind,
        models: str = "era5",
        credentials: dict[str, Any],
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._kind: SourceKind = kind
        self._models = models
        self._archive_url = credentials["archive_url"]
        self._api_key = credentials.get("api_key")
        self.metadata = metadata

    def load(self) -> WeatherSource:
        """Open the source; nothing is requested yet."""
        return make_source(
            self._kind, base_url=self._archive_url, models=self._models, api_key=self._api_key
        )

    def save(self, data: NoReturn) -> None:  # noqa: ARG002
        """Refuse: the source is read-only."""
        raise DatasetError("A weather source is read-only: take it out of the outputs of the node.")

    def _describe(self) -> dict[str, Any]:
        return {"kind": self._kind, "models": self._models}
