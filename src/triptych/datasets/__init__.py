"""The project's own Kedro datasets, each imported when a catalog names it."""

import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from triptych.datasets.append_csv import AppendCSVDataset
    from triptych.datasets.lazy_sql_table import LazySqlTableDataset
    from triptych.datasets.location_file import LocationFileDataset
    from triptych.datasets.metric_batch import MetricBatchDataset
    from triptych.datasets.mlflow_nested_runs import MlflowNestedRunsDataset
    from triptych.datasets.model_folder import ModelFolderDataset
    from triptych.datasets.model_registry import ModelRegistryDataset
    from triptych.datasets.photo_pixels import PhotoPixelsDataset
    from triptych.datasets.photo_source import PhotoSourceDataset
    from triptych.datasets.review_source import ReviewSourceDataset
    from triptych.datasets.sql_table import SqlTableDataset
    from triptych.datasets.training_rows import TrainingRowsDataset
    from triptych.datasets.weather_source import WeatherSourceDataset
    from triptych.datasets.weight_folders import WeightFoldersDataset

__all__ = [
    "AppendCSVDataset",
    "LazySqlTableDataset",
    "LocationFileDataset",
    "MetricBatchDataset",
    "MlflowNestedRunsDataset",
    "ModelFolderDataset",
    "ModelRegistryDataset",
    "PhotoPixelsDataset",
    "PhotoSourceDataset",
    "ReviewSourceDataset",
    "SqlTableDataset",
    "TrainingRowsDataset",
    "WeatherSourceDataset",
    "WeightFoldersDataset",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.removesuffix("Dataset")).lower()
    return getattr(import_module(f"{__name__}.{module}"), name)
