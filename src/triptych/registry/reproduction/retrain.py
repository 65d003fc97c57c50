"""Retrain from a manifest in a temporary folder, without a database or MLflow."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from kedro.framework.project import pipelines
from kedro.io import CatalogConfigResolver, DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline

from triptych.errors import PipelineError
from triptych.forecasting.storage import digest
from triptych.registry.provenance import DATA_TAG, FITTED_TAG, RunManifest
from triptych.registry.tracking import CHOSEN_METRICS, MODEL_TAG

if TYPE_CHECKING:
    from mlflow.entities import Run

ROWS, MODEL = "training rows", "registered model"
_TRAINING = ("ts_statistical", "ts_ml", "ts_evaluation")
# The catalog's datasets that write to MLflow or the database: here their data stay in memory.
_ROWS = "triptych.datasets.TrainingRowsDataset"
_CANDIDATE = "triptych.datasets.ModelRegistryDataset"
_METRICS = "triptych.datasets.MetricBatchDataset"
_FORECASTERS = "triptych.datasets.ModelFolderDataset"
_NOT_OF_TRAINING = ("live.", "system/", CHOSEN_METRICS)  # metrics of a run

Config = dict[str, Any]


@dataclass(frozen=True)
class Result:
    """The results of a training that are compared bit for bit."""

    digests: dict[str, str]  # of the training rows and of the files of each model, by name
    metrics: dict[tuple[str, int], float]  # by name and step


def recorded_result(run: "Run") -> Result:
    """Read the result of a run from MLflow: tags, and every value of every metric."""
    import mlflow

    client, tags = mlflow.MlflowClient(), run.data.tags
    names = {DATA_TAG: ROWS, MODEL_TAG: MODEL} | {
        tag: f"fitted {tag.removeprefix(FITTED_TAG)}"
        for tag in sorted(tags)
        if tag.startswith(FITTED_TAG)
    }
    metrics = {
        (name, metric.step): metric.value
        for name in sorted(run.data.metrics)
        if not name.startswith(_NOT_OF_TRAINING)
        for metric in client.get_metric_history(run.info.run_id, name)
    }
    return Result({name: tags[tag] for tag, name in names.items() if tag in tags}, metrics)


def retrain(
    manifest: RunManifest, history: pd.DataFrame, catalog: Mapping[str, Config], scratch: Path
) -> Result:
    """Run the nodes that the results of a run depend on, with its parameters and `history`.

    The files that the `catalog` writes to `data/` go to the empty folder `scratch`.
    PipelineError if the run trained nothing.
    """
    from kedro.runner import SequentialRunner

    whole = sum((pipelines[name] for name in _TRAINING), start=Pipeline([]))
    entries = _entries(whole, catalog)
    results = _results(whole, manifest.nodes, entries)
    if not results:
        raise PipelineError(
            "The run trained nothing: none of its nodes fits or judges a model. Name a run of "
            "ts_ml, ts_statistical or ts_evaluation, or of the whole job."
        )
    needed = whole.to_outputs(*results)
    names = (needed.datasets() & set(entries)) - {"history"}
    config = {name: _relocate(entries[name], scratch) for name in names}
    data = DataCatalog.from_config(config)
    data["history"] = MemoryDataset(history, copy_mode="assign")
    for name, value in _typed_parameters(needed, manifest.parameters).items():
        data[name] = value
    SequentialRunner().run(needed, data)
    digests: dict[str, str] = {}
    metrics: dict[tuple[str, int], float] = {}
    for name, kind in results.items():
        if kind == _ROWS:
            digests[ROWS] = data[name].load().sha256
        elif kind == _CANDIDATE:
            data[name].load().save(scratch / "registered")
            digests[MODEL] = digest(scratch / "registered")
        elif kind == _METRICS:
            rows = data[name].load()[["metric", "step", "value"]].itertuples(index=False)
            metrics |= {(metric, int(step)): v for metric, step, v in rows if math.isfinite(v)}
        else:
            folders = (path for path in Path(config[name]["filepath"]).iterdir() if path.is_dir())
            digests |= {f"fitted {folder.name}": digest(folder) for folder in folders}
    return Result(digests, metrics)


def _entries(pipeline: Pipeline, catalog: Mapping[str, Config]) -> dict[str, Config]:
    """The catalog entries of a pipeline's datasets, also those that factories declare."""
    declared = {name: catalog[name] for name in catalog if "{" in name}
    factories = CatalogConfigResolver(declared, default_runtime_patterns={})
    return {
        name: catalog.get(name) or factories.resolve_pattern(name)
        for name in pipeline.datasets()
        if not name.startswith("params:")
        and (name in catalog or factories.match_dataset_pattern(name))
    }


def _results(whole: Pipeline, ran: Iterable[str], entries: Mapping[str, Config]) -> dict[str, str]:
    """The datasets that the run wrote and that are compared, with their types."""
    names = set(ran)
    written = set().union(*(node.outputs for node in whole.nodes if node.short_name in names))
    known = {name: entries[name] for name in sorted(written & set(entries))}
    types = {name: str(entry.get("dataset", entry)["type"]) for name, entry in known.items()}
    compared = {_ROWS, _CANDIDATE, _METRICS, _FORECASTERS}
    return {name: kind for name, kind in types.items() if kind in compared}


def _relocate(config: Config, scratch: Path) -> Config:
    """Write to the scratch folder or to memory, and not to MLflow or the database."""
    inner: Config = config.get("dataset", config)  # within one that logs or caches it
    if inner["type"] in (_ROWS, _CANDIDATE, _METRICS):
        return {"type": "kedro.io.MemoryDataset", "copy_mode": "assign"}
    return inner | ({"filepath": str(scratch / inner["filepath"])} if "filepath" in inner else {})


def _typed_parameters(pipeline: Pipeline, recorded: Config) -> dict[str, Any]:
    """Convert the recorded parameters to the types that the nodes take.

    The engine only decides where a run works, so this process is used.
    """
    from kedro.validation.parameter_validator import ParameterValidator

    parameters = ParameterValidator({"retrain": pipeline}).validate_raw_params(
        {**recorded, "engine": {"kind": "serial"}}
    )
    found = {}
    for name in pipeline.inputs():
        if name.startswith("params:"):
            value: Any = parameters
            for part in name.removeprefix("params:").split("."):
                value = value[part] if isinstance(value, dict) else getattr(value, part)
            found[name] = value
    return found
