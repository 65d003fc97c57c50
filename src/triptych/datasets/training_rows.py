"""The rows of a run, kept for good: saving them stores a snapshot and tells MLflow its digest."""

from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError

from triptych.registry.snapshots import SnapshotStore, TrainingRows


class TrainingRowsDataset(AbstractDataset[TrainingRows, NoReturn]):
    """Stores what a run knew, content-addressed: what an earlier run stored is stored once.

    Example, in the catalog:

    ```yaml
    training_rows:
      type: triptych.datasets.TrainingRowsDataset
      filepath: data/snapshots
    ```
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(filepath)
        self.metadata = metadata

    def save(self, data: TrainingRows) -> None:
        """Store the history, and tag the MLflow run that is active, if any."""
        import mlflow

        from triptych.registry.inputs import log_training_data
        from triptych.registry.run_manifest import DATA_TAG, SNAPSHOT_TAG

        snapshot = SnapshotStore(self._folder).store(data.history)
        if mlflow.active_run() is not None:
            mlflow.set_tags({SNAPSHOT_TAG: snapshot, DATA_TAG: data.sha256})
            log_training_data(data, snapshot)

    def load(self) -> NoReturn:
        """Refuse: there are as many as runs."""
        raise DatasetError("A snapshot is read by its digest: triptych.registry.snapshots.")

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}
