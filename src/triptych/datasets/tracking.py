"""Datasets that write to the active MLflow run; without one, MLflow gets nothing."""

import math
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NoReturn

import pandas as pd
from kedro.io import AbstractDataset, DatasetError

from triptych.datasets.files import FileDataset
from triptych.registry.provenance import DATA_TAG, SNAPSHOT_TAG
from triptych.registry.snapshots import SnapshotStore, TrainingRows, log_training_data

if TYPE_CHECKING:
    from mlflow.entities import Metric

_BATCH = 1000  # MLflow's limit per call; one by one, 1,000 take six seconds


class TrainingRowsDataset(FileDataset[TrainingRows, NoReturn]):
    """Stores what a run knew, content-addressed: what an earlier run stored is stored once."""

    def save(self, data: TrainingRows) -> None:
        """Store the history, and tag the MLflow run with its digest."""
        import mlflow

        snapshot = SnapshotStore(self._path).store(data.history)
        if mlflow.active_run() is not None:
            mlflow.set_tags({SNAPSHOT_TAG: snapshot, DATA_TAG: data.sha256})
            log_training_data(data, snapshot)

    def load(self) -> NoReturn:
        """Refuse: there are as many as runs."""
        raise DatasetError("A snapshot is read by its digest: triptych.registry.snapshots.")


class MetricBatchDataset(AbstractDataset[pd.DataFrame, NoReturn]):
    """Logs many metrics in few calls, from a frame `metric, step, value`."""

    def __init__(self, *, metadata: dict[str, Any] | None = None) -> None:
        self.metadata = metadata

    def save(self, data: pd.DataFrame) -> None:
        """Log the rows whose value is a finite number."""
        import mlflow

        run = mlflow.active_run()
        if run is None:
            return
        metrics = _metrics(data[["metric", "value", "step"]].itertuples(index=False))
        client = mlflow.MlflowClient()
        for start in range(0, len(metrics), _BATCH):
            client.log_batch(run.info.run_id, metrics=metrics[start : start + _BATCH])

    def load(self) -> NoReturn:
        """Refuse: MLflow shows what was logged."""
        raise DatasetError("MLflow shows what was logged (`make mlflow`); it cannot be loaded.")

    def _describe(self) -> dict[str, Any]:
        return {}


class MlflowNestedRunsDataset(MetricBatchDataset):
    """Logs each experiment in a nested run.

    Rows: `run` (its name), `kind` (`parameter` or `metric`), `key`, `value`, `step` (of a metric).
    """

    def save(self, data: pd.DataFrame) -> None:
        """Log all experiments, in the order of the frame."""
        import mlflow
        from mlflow.entities import Param

        parent = mlflow.active_run()
        if parent is None:
            return
        client = mlflow.MlflowClient()
        for name, rows in data.groupby("run", sort=False):
            tags = {"mlflow.parentRunId": parent.info.run_id}
            run = client.create_run(parent.info.experiment_id, run_name=str(name), tags=tags)
            metrics = rows.loc[rows["kind"] == "metric", ["key", "value", "step"]]
            params = rows.loc[rows["kind"] == "parameter", ["key", "value"]]
            client.log_batch(
                run.info.run_id,
                metrics=_metrics(metrics.itertuples(index=False)),
                params=[Param(key, str(value)) for key, value in params.itertuples(index=False)],
            )
            client.set_terminated(run.info.run_id)


def _metrics(rows: Iterable[Any]) -> "list[Metric]":
    """The rows (name, value, step) whose value is finite, as metrics of this moment."""
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    return [
        Metric(name, float(value), now, int(step))
        for name, value, step in rows
        if math.isfinite(float(value))
    ]
