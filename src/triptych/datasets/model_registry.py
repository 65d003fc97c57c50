"""The model registry as a dataset: saving registers a model, loading opens the registry."""

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset
from kedro.utils import find_kedro_project

from triptych.registry.candidate import Candidate
from triptych.registry.models import ModelRegistry
from triptych.store.database import open_database


class ModelRegistryDataset(AbstractDataset[Candidate, ModelRegistry]):
    """Saves a candidate of any kind in MLflow and the table `models`; opens the registry.

    Example, in the catalog:

    ```yaml
    model_registry:
      type: triptych.datasets.ModelRegistryDataset
      credentials: database
    ```

    Args:
        credentials: `url` of the database.
    """

    def __init__(
        self, *, credentials: dict[str, str], metadata: dict[str, Any] | None = None
    ) -> None:
        self._url = credentials["url"]
        self.metadata = metadata

    def load(self) -> ModelRegistry:
        """Open the registry."""
        project = find_kedro_project(Path.cwd()) or Path.cwd()
        return ModelRegistry(open_database(self._url), Path(project))

    def save(self, data: Candidate) -> None:
        """Register a candidate."""
        self.load().register(data)

    def _describe(self) -> dict[str, Any]:
        return {"table": "models"}
