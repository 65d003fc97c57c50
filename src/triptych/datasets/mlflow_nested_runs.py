"""The experiments of a study, each as an MLflow run inside the run of the study."""

import math
import time
from typing import Any, NoReturn

import pandas as pd
from kedro.io import AbstractDataset, DatasetError


class MlflowNestedRunsDataset(AbstractDataset[pd.DataFrame, NoReturn]):
    """Logs each experiment in a nested run of the MLflow run that is active; without one, nothing.

    A frame, a row a value: `run` (its name), `kind` (`parameter` or `metric`), `key`, `value` and
    `step` (of a metric).

    Example, in the catalog:

    ```yaml
    photo_trial_runs:
      type: triptych.datasets.MlflowNestedRunsDataset
    ```
    """

    def __init__(self, *, metadata: dict[str, Any] | None = None) -> None:
        self.metadata = metadata

    def save(self, data: pd.DataFrame) -> None:
        """Log all experiments, in the order in which they come."""
        import mlflow
        from mlflow.entities import Metric, Param

        parent = mlflow.active_run()
        if parent is None:
            return
        client = mlflow.MlflowClient()
        now = int(time.time() * 1000)
        for name, rows in data.groupby("run", sort=False):
            tags = {"mlflow.parentRunId": parent.info.run_id}
            run = client.create_run(parent.info.experiment_id, run_name=str(name), tags=tags)
            records = rows.to_dict("records")
            client.log_batch(
                run.info.run_id,
                params=[
                    Param(row["key"], str(row["value"]))
                    for row in records
                    if row["kind"] == "parameter"
                ],
                metrics=[
                    Metric(row["key"], float(row["value"]), now, int(row["step"]))
                    for row in records
                    if row["kind"] == "metric" and math.isfinite(float(row["value"]))
                ],
            )
            client.set_terminated(run.info.run_id)

    def load(self) -> NoReturn:
        """Refuse: MLflow shows what was logged."""
        raise DatasetError("Experiments are read in MLflow (`make mlflow`), not from the catalog.")

    def _describe(self) -> dict[str, Any]:
        return {}
