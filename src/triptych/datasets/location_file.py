"""The file of locations, checked as it is read."""

from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError

from triptych.weather.location_file import load_locations
from triptych.weather.locations import Location


class LocationFileDataset(AbstractDataset[NoReturn, list[Location]]):
    """Reads the YAML list of locations; `kedro location add` writes it.

    Example, in the catalog:

    ```yaml
    location_file:
      type: triptych.datasets.LocationFileDataset
      filepath: conf/base/locations.yml
    ```
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> list[Location]:
        """Read and check every entry; LocationFileError names the one that breaks a rule."""
        return load_locations(self._filepath)

    def save(self, data: NoReturn) -> None:  # noqa: ARG002
        """Refuse: a run does not write its own configuration."""
        raise DatasetError(
            f'{self._filepath} is written by hand or by `kedro location add "Name"`.'
        )

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}

    def _exists(self) -> bool:
        return self._filepath.exists()
