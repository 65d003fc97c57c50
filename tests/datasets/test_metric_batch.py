"""Many metrics in one call, with their steps."""

import math
from typing import Any

import mlflow
import pandas as pd
import pytest
from kedro.io import DatasetError

from triptych.datasets import MetricBatchDataset


def frame(values: list[float], name: str = "ridge.paris.rmse") -> pd.DataFrame:
    steps = range(1, len(values) + 1)
    return pd.DataFrame({"lead": "extra", "metric": name, "step": steps, "value": values})


def history(run_id: str, name: str = "ridge.paris.rmse") -> list[tuple[int, float]]:
    return [(m.step, m.value) for m in mlflow.MlflowClient().get_metric_history(run_id, name)]


@pytest.mark.usefixtures("tracking")
class TestActiveRun:
    def test_each_row_is_a_metric_at_its_step(self) -> None:
        with mlflow.start_run() as run:
            MetricBatchDataset().save(frame([1.5, 1.25, 2.0]))

        assert history(run.info.run_id) == [(1, 1.5), (2, 1.25), (3, 2.0)]

    def test_more_than_one_call_may_hold_are_all_there(self) -> None:
        values = [float(number) for number in range(2_345)]
        with mlflow.start_run() as run:
            MetricBatchDataset().save(frame(values))

        found = sorted(history(run.info.run_id))
        assert [value for _, value in found] == values
        assert found[-1][0] == 2_345

    def test_what_is_no_number_is_left_out(self) -> None:
        with mlflow.start_run() as run:
            MetricBatchDataset().save(frame([1.5, math.nan, math.inf, 2.0]))

        assert history(run.info.run_id) == [(1, 1.5), (4, 2.0)]

    def test_without_a_run_nothing_is_logged_and_no_run_is_made(self) -> None:
        MetricBatchDataset().save(frame([1.5]))

        assert mlflow.active_run() is None
        assert mlflow.search_runs(output_format="list", search_all_experiments=True) == []


def test_metrics_are_not_loaded_from_the_catalog() -> None:
    dataset: Any = MetricBatchDataset()

    with pytest.raises(DatasetError, match="make mlflow"):
        dataset.load()
