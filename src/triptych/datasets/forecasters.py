"""The fitted forecasters of a study as files, so that a later run can go on from them."""

import shutil
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.storage import digest, load_forecaster, save_forecaster

Forecasters = dict[str, PanelForecaster]


class ForecastersDataset(AbstractDataset[Forecasters, Forecasters]):
    """Saves and loads forecasters by name, a folder each: JSON and plain arrays, no pickle.

    Example, in the catalog:

    ```yaml
    fitted_learned:
      type: triptych.datasets.ForecastersDataset
      filepath: data/06_models/learned
    ```
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(filepath)
        self.metadata = metadata

    def load(self) -> Forecasters:
        """Read every forecaster of the folder; DatasetError where there is none."""
        folders = sorted(path for path in self._folder.glob("*") if path.is_dir())
        if not folders:
            raise DatasetError(
                f"{self._folder} holds no fitted forecaster: run the pipeline that fits them first"
            )
        return {folder.name: load_forecaster(folder) for folder in folders}

    def save(self, data: Forecasters) -> None:
        """Write all beside the folder, then put them in its place: never half a study."""
        fresh = self._folder.with_name(f"{self._folder.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        for name, forecaster in data.items():
            save_forecaster(forecaster, fresh / name)
        shutil.rmtree(self._folder, ignore_errors=True)
        fresh.rename(self._folder)
        self._tag(list(data))

    def _tag(self, names: list[str]) -> None:
        """Tell the MLflow run that is active, if any, the digest of each forecaster's files."""
        import mlflow

        from triptych.registry.run_manifest import FITTED_TAG

        if mlflow.active_run() is not None:
            mlflow.set_tags({f"{FITTED_TAG}{name}": digest(self._folder / name) for name in names})

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}

    def _exists(self) -> bool:
        return self._folder.exists()
