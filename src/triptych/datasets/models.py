"""Fitted models as files (JSON and plain arrays, no pickle), and the model registry."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from kedro.io import AbstractDataset, DatasetError
from kedro.utils import find_kedro_project
from zict import Func

from triptych.datasets.files import FileDataset
from triptych.registry.model_types import KINDS, TEMPERATURE
from triptych.registry.models import ModelRegistry
from triptych.registry.tracking import Candidate
from triptych.store.migrate import open_database

Models = Mapping[str, Any]
Kind = Literal["forecaster", "photo", "review"]

_REGISTERED = {"forecaster": TEMPERATURE, "photo": "images", "review": "texts"}
_ORDER = "models.json"


class ModelFolderDataset(FileDataset[Models, Models]):
    """Saves fitted models of one kind, and loads them in the same order, each when it is taken.

    A save writes a new folder and then renames it, so an interrupted run leaves the old models, the
    new ones, or none. Forecasters also tag the active MLflow run with their digests.
    """

    def __init__(
        self, *, filepath: str, kind: Kind, metadata: dict[str, Any] | None = None
    ) -> None:
        super().__init__(filepath=filepath, metadata=metadata)
        self._kind = kind

    def load(self) -> Models:
        """Find the models, perhaps none; DatasetError if none have been saved."""
        order = self._path / _ORDER  # version 0.1 wrote it for reviews only
        if order.is_file():
            names = json.loads(order.read_text(encoding="utf-8"))
        elif not (names := sorted(path.name for path in self._path.glob("*") if path.is_dir())):
            raise DatasetError(
                f"There are no fitted {self._kind} models in {self._path}. "
                "Run the pipeline that fits them first."
            )
        read = KINDS[_REGISTERED[self._kind]].load
        return Func(str, read, {name: self._path / name for name in names})

    def save(self, data: Models) -> None:
        """Replace the saved models."""
        fresh = self._path.with_name(f"{self._path.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        for name, model in data.items():
            KINDS[_REGISTERED[self._kind]].save(model, fresh / name)
        (fresh / _ORDER).write_text(json.dumps(list(data)) + "\n", encoding="utf-8")
        old = self._path.with_name(f"{self._path.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        if self._path.exists():
            self._path.rename(old)  # at once, while removing files takes time
        fresh.rename(self._path)
        shutil.rmtree(old, ignore_errors=True)
        if self._kind == "forecaster":
            self._tag_run(list(data))

    def _tag_run(self, names: list[str]) -> None:
        import mlflow

        from triptych.forecasting.storage import digest
        from triptych.registry.provenance import FITTED_TAG

        if mlflow.active_run() is not None:
            mlflow.set_tags({f"{FITTED_TAG}{name}": digest(self._path / name) for name in names})


class ModelRegistryDataset(AbstractDataset[Candidate, ModelRegistry]):
    """Saves a candidate of any kind in MLflow and the table `models`; opens the registry."""

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
