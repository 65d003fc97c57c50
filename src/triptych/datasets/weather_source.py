"""The sources of weather, to be opened by the node that asks them."""

from functools import partial
from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError

from triptych.weather.sources import make_source
from triptych.weather.sources.base import OpenSource


class WeatherSourceDataset(AbstractDataset[NoReturn, OpenSource]):
    """Loads a function that opens a source: a node fetches a year at a time, Kedro saves each.

    The node calls it with its parameters (`source`, `ingestion.models`), so that the catalog
    cannot name another source than the node.

    Example, in the catalog:

    ```yaml
    weather_source:
      type: triptych.datasets.WeatherSourceDataset
      credentials: open_meteo
    ```

    Args:
        credentials: `archive_url`, the address below which `/v1/archive` answers; `forecast_url`,
            `historical_forecast_url` and `previous_runs_url`, those of `/v1/forecast`, or
            Open-Meteo's own; `api_key` of a commercial plan, or none.
    """

    def __init__(
        self, *, credentials: dict[str, Any], metadata: dict[str, Any] | None = None
    ) -> None:
        own = dict(credentials)
        self._options = {"base_url": own.pop("archive_url"), **own}
        self.metadata = metadata

    def load(self) -> OpenSource:
        """Give the function; nothing is opened yet."""
        return partial(make_source, **self._options)

    def save(self, data: NoReturn) -> None:  # noqa: ARG002
        """Refuse: the source is read-only."""
        raise DatasetError("A weather source is read-only: take it out of the outputs of the node.")

    def _describe(self) -> dict[str, Any]:
        return {}
