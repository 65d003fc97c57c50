"""A report that grows while a run goes on, and reaches MLflow once, at the run's end."""

from pathlib import Path
from typing import Any

import pandas as pd
from kedro.io import AbstractDataset


class AppendCSVDataset(AbstractDataset[pd.DataFrame, pd.DataFrame]):
    """Adds each frame that is saved to a CSV file; the first save of a run starts it anew.

    A node that yields saves its report part by part: what a run found is on disk though it fails
    or is killed later. MLflow keeps whole files, so it gets the file once, by `log`.

    Example, in the catalog:

    ```yaml
    validation_report:
      type: triptych.datasets.AppendCSVDataset
      filepath: data/08_reporting/validation_report.csv
    ```
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(filepath)
        self._begun = False
        self.metadata = metadata

    def save(self, data: pd.DataFrame) -> None:
        """Add the rows; the columns are those of the first frame, which may have no row."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        data.to_csv(
            self._path, mode="a" if self._begun else "w", header=not self._begun, index=False
        )
        self._begun = True

    def load(self) -> pd.DataFrame:
        """Read the report as it stands."""
        return pd.read_csv(self._path)

    def log(self) -> None:
        """Give the file to the MLflow run that is active, if this run has written any."""
        import mlflow

        if self._begun and mlflow.active_run() is not None:
            mlflow.log_artifact(str(self._path))

    def _exists(self) -> bool:
        return self._path.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}
