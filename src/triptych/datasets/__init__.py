"""The project's own Kedro datasets, each imported when a catalog names it."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from triptych.datasets.append_csv import AppendCSVDataset
    from triptych.datasets.forecasters import ForecastersDataset
    from triptych.datasets.lazy_sql_table import LazySqlTableDataset
    from triptych.datasets.location_file import LocationFileDataset
    from triptych.datasets.metric_batch import MetricBatchDataset
    from triptych.datasets.mlflow_nested_runs import MlflowNestedRunsDataset
    from triptych.datasets.model_registry import ModelRegistryDataset
    from triptych.datasets.photo_classifiers import PhotoClassifiersDataset
    from triptych.datasets.photo_pixels import PhotoPixelsDataset
    from triptych.datasets.photo_source import PhotoSourceDataset
    from triptych.datasets.review_models import ReviewModelsDataset
    from triptych.datasets.review_source import ReviewSourceDataset
    from triptych.datasets.sql_table import SqlTableDataset
    from triptych.datasets.training_rows import TrainingRowsDataset
    from triptych.datasets.weather_source import WeatherSourceDataset
    from triptych.datasets.weight_folders import WeightFoldersDataset

__all__ = [
    "AppendCSVDataset",
    "ForecastersDataset",
    "LazySqlTableDataset",
    "LocationFileDataset",
    "MetricBatchDataset",
    "MlflowNestedRunsDataset",
    "ModelRegistryDataset",
    "PhotoClassifiersDataset",
    "PhotoPixelsDataset",
    "PhotoSourceDataset",
    "ReviewModelsDataset",
    "ReviewSourceDataset",
    "SqlTableDataset",
    "TrainingRowsDataset",
    "WeatherSourceDataset",
    "WeightFoldersDataset",
]

_MODULES = {
    "ForecastersDataset": "forecasters",
    "LocationFileDataset": "location_file",
    "MetricBatchDataset": "metric_batch",
    "ModelRegistryDataset": "model_registry",
    "MlflowNestedRunsDataset": "mlflow_nested_runs",
    "PhotoClassifiersDataset": "photo_classifiers",
    "PhotoPixelsDataset": "photo_pixels",
    "PhotoSourceDataset": "photo_source",
    "ReviewModelsDataset": "review_models",
    "ReviewSourceDataset": "review_source",
    "AppendCSVDataset": "append_csv",
    "LazySqlTableDataset": "lazy_sql_table",
    "SqlTableDataset": "sql_table",
    "TrainingRowsDataset": "training_rows",
    "WeatherSourceDataset": "weather_source",
    "WeightFoldersDataset": "weight_folders",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
