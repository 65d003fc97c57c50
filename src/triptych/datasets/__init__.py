"""The project's own Kedro datasets, each imported when a catalog names it."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from triptych.datasets.forecasters import ForecastersDataset
    from triptych.datasets.location_file import LocationFileDataset
    from triptych.datasets.metric_batch import MetricBatchDataset
    from triptych.datasets.model_registry import ModelRegistryDataset
    from triptych.datasets.review_source import ReviewSourceDataset
    from triptych.datasets.run_report import RunReportDataset
    from triptych.datasets.sql_table import SqlTableDataset
    from triptych.datasets.training_rows import TrainingRowsDataset
    from triptych.datasets.weather_source import WeatherSourceDataset

__all__ = [
    "ForecastersDataset",
    "LocationFileDataset",
    "MetricBatchDataset",
    "ModelRegistryDataset",
    "ReviewSourceDataset",
    "RunReportDataset",
    "SqlTableDataset",
    "TrainingRowsDataset",
    "WeatherSourceDataset",
]

_MODULES = {
    "ForecastersDataset": "forecasters",
    "LocationFileDataset": "location_file",
    "MetricBatchDataset": "metric_batch",
    "ModelRegistryDataset": "model_registry",
    "ReviewSourceDataset": "review_source",
    "RunReportDataset": "run_report",
    "SqlTableDataset": "sql_table",
    "TrainingRowsDataset": "training_rows",
    "WeatherSourceDataset": "weather_source",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
