"""Train again from a record: in a folder that is thrown away, without a database or MLflow."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
from kedro.framework.project import pipelines
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline

from triptych.errors import PipelineError
from triptych.forecasting.storage import digest
from triptych.registry.reproduction.result import MODEL, ROWS, Result, fitted
from triptych.registry.run_manifest import RunManifest

_TRAINING = ("ts_statistical", "ts_ml", "ts_evaluation")
_HISTORY, _CANDIDATE, _ROWS = "history", "model_registry", "training_rows"
# The catalog's datasets that reach MLflow or the database: here their data stay in memory.
_METRICS = "triptych.datasets.MetricBatchDataset"
_OUTSIDE = (
    _METRICS,
    "triptych.datasets.ModelRegistryDataset",
    "triptych.datasets.TrainingRowsDataset",
)
_MEMORY = {"type": "kedro.io.MemoryDataset", "copy_mode": "assign"}
_FORECASTERS = "triptych.datasets.ModelFolderDataset"

Config = dict[str, Any]


def retrain(record: RunManifest, history: pd.DataFrame, catalog: Config, scratch: Path) -> Result:
    """Run the nodes of the run that its results stand on, with its parameters and its rows.

    Args:
        record: of the run.
        history: what it knew.
        catalog: the project's, as configuration.
        scratch: an empty folder; what the catalog keeps in `data/` goes there.

    Raises:
        PipelineError: the run has trained nothing.
    """
    whole = sum((pipelines[name] for name in _TRAINING), start=Pipeline([]))
    results = _results(whole, record.nodes, catalog)
    if not results:
        raise PipelineError(
            "The run trained nothing: none of its nodes fits or judges a model. Name a run of "
            "ts_ml, ts_statistical or ts_evaluation, or of the whole job."
        )
    needed = whole.to_outputs(*results)
    config = {
        name: _relocated(catalog[name], scratch)
        for name in needed.datasets() - {_HISTORY}
        if name in catalog
    }
    known = DataCatalog.from_config(config)
    known[_HISTORY] = MemoryDataset(history, copy_mode="assign")
    for name, value in _typed(needed, record.parameters).items():
        known[name] = value
    return _run(needed, known, config, results, scratch)


def _results(whole: Pipeline, ran: Iterable[str], catalog: Config) -> list[str]:
    """The datasets of the run's nodes that something is recorded of."""
    names = set(ran)
    made = set().union(*(node.outputs for node in whole.nodes if node.short_name in names))
    return sorted(name for name in made if _kind(catalog.get(name)) in {*_OUTSIDE, _FORECASTERS})


def _kind(config: Any) -> str:
    """The type of a dataset, of the one within if it wraps another."""
    return "" if config is None else str(config.get("dataset", config)["type"])


def _relocated(config: Config, scratch: Path) -> Config:
    if config["type"] in _OUTSIDE:
        return dict(_MEMORY)
    inner = config.get("dataset")
    if config["type"].startswith("kedro_mlflow."):
        return _relocated(config["dataset"], scratch)
    moved = dict(config) | ({"dataset": _relocated(inner, scratch)} if inner else {})
    if "filepath" in config:
        moved["filepath"] = str(scratch / config["filepath"])
    return moved


def _typed(pipeline: Pipeline, recorded: Config) -> dict[str, Any]:
    """The recorded parameters that the nodes take, in the types that Kedro gives them.

    The engine is where a run works, not what it makes: here it works in this process.
    """
    from kedro.validation.parameter_validator import ParameterValidator

    parameters = ParameterValidator({"retrain": pipeline}).validate_raw_params(
        {**recorded, "engine": {"kind": "serial"}}
    )
    taken = (name for name in pipeline.inputs() if name.startswith("params:"))
    return {name: _nested(parameters, name.removeprefix("params:")) for name in taken}


def _nested(parameters: Config, name: str) -> Any:
    """The value of `forecast.data_ages` as well as of `seed`."""
    value: Any = parameters
    for part in name.split("."):
        value = value[part] if isinstance(value, dict) else getattr(value, part)
    return value


def _run(
    pipeline: Pipeline, catalog: DataCatalog, config: Config, results: list[str], scratch: Path
) -> Result:
    from kedro.runner import SequentialRunner

    SequentialRunner().run(pipeline, catalog)
    digests: dict[str, str] = {}
    metrics: dict[tuple[str, int], float] = {}
    for name in results:
        if name == _ROWS:
            digests[ROWS] = catalog[name].load().sha256
        elif name == _CANDIDATE:
            catalog[name].load().save(scratch / "registered")
            digests[MODEL] = digest(scratch / "registered")
        elif _kind(config[name]) == _FORECASTERS:
            folder = Path(config[name].get("dataset", config[name])["filepath"])
            digests |= {
                fitted(path.name): digest(path) for path in folder.iterdir() if path.is_dir()
            }
        else:
            metrics |= _finite(catalog[name].load())
    return Result(digests, metrics)


def _finite(frame: pd.DataFrame) -> dict[tuple[str, int], float]:
    rows = frame[["metric", "step", "value"]].itertuples(index=False)
    return {(name, int(step)): float(v) for name, step, v in rows if math.isfinite(v)}
