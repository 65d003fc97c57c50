"""A report that grows during a run, and reaches MLflow once, at the run's end."""

from pathlib import Path
from typing import Any

import pandas as pd
from kedro.io import AbstractDataset


class AppendCSVDataset(AbstractDataset[pd.DataFrame, pd.DataFrame]):
    """Appends each frame to a CSV file; the first save of a run replaces the file.

    A node that yields saves its report part by part: what a run found is on disk if it fails or is
    killed later. MLflow keeps whole files, so it gets the file once, by `log`.

    Example, in the catalog:

    ```yaml
    validation_report:
      type: triptych.datasets.AppendCSVDataset
      filepath: data/08_reporting/validation_report.csv
    ```
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(filepath)
        self._started = False
        self.metadata = metadata

    def save(self, data: pd.DataFrame) -> None:
        """Add the rows; the columns are those of the first frame, which may have no row."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a" if self._started else "w", encoding="utf-8", newline="") as file:
            data.to_csv(file, header=not self._started, index=False)
        self._started = True

    def load(self) -> pd.DataFrame:
        """Read the report so far."""
        return pd.read_csv(self._path)

    def log(self) -> None:
        """Log the file in the active MLflow run, if this run has written any."""
        import mlflow

        if self._started and mlflow.active_run() is not None:
            mlflow.log_artifact(str(self._path))

    def _exists(self) -> bool:
        return self._path.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}
