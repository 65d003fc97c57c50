"""Many metrics of one run, sent to MLflow in one call: one by one, 1,000 take six seconds."""

import math
import time
from typing import Any, NoReturn

import pandas as pd
from kedro.io import AbstractDataset, DatasetError

_BATCH = 1000  # MLflow's limit a call


class MetricBatchDataset(AbstractDataset[pd.DataFrame, NoReturn]):
    """Logs a frame `metric, step, value` in the MLflow run that is active; without one, nothing.

    Example, in the catalog:

    ```yaml
    error_by_lead:
      type: triptych.datasets.MetricBatchDataset
    ```
    """

    def __init__(self, *, metadata: dict[str, Any] | None = None) -> None:
        self.metadata = metadata

    def save(self, data: pd.DataFrame) -> None:
        """Log the rows whose value is a finite number."""
        import mlflow
        from mlflow.entities import Metric

        run = mlflow.active_run()
        if run is None:
            return
        now = int(time.time() * 1000)
        rows = data[["metric", "value", "step"]].itertuples(index=False)
        metrics = [
            Metric(name, float(value), now, int(step))
            for name, value, step in rows
            if math.isfinite(value)
        ]
        client = mlflow.MlflowClient()
        for start in range(0, len(metrics), _BATCH):
            client.log_batch(run.info.run_id, metrics=metrics[start : start + _BATCH])

    def load(self) -> NoReturn:
        """Refuse: MLflow shows what was logged."""
        raise DatasetError("Metrics are read in MLflow (`make mlflow`), not from the catalog.")

    def _describe(self) -> dict[str, Any]:
        return {}
