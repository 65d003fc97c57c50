"""The project's own Kedro datasets, each imported when a catalog names it."""

from importlib import import_module
from typing import Any

_MODULES = {
    "AppendCSVDataset": "files",
    "FunctionDataset": "function",
    "MetricBatchDataset": "tracking",
    "MlflowNestedRunsDataset": "tracking",
    "ModelFolderDataset": "models",
    "ModelRegistryDataset": "models",
    "PhotoPixelsDataset": "files",
    "SqlTableDataset": "sql_table",
    "TrainingRowsDataset": "tracking",
}
__all__ = list(_MODULES)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
