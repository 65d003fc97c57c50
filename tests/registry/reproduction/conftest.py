"""A small real training, tracked as `kedro run` tracks it, in the test's own process."""

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mlflow
import pandas as pd
import pytest
from kedro.framework.project import configure_project
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline
from kedro.runner import SequentialRunner
from kedro.validation.parameter_validator import ParameterValidator

from tests.fixtures.project import Project
from triptych.commands.project import read_configuration
from triptych.hooks.tracking import TrackingHook
from triptych.pipelines import ts_evaluation, ts_ml, ts_statistical
from triptych.registry.reproduction.reproduce import Tracked

LEARNED = ts_ml.create_pipeline()
STATISTICAL = ts_statistical.create_pipeline()
EVALUATION = ts_evaluation.create_pipeline()
WHOLE = STATISTICAL + LEARNED + EVALUATION
# conf/test of these tests: a summer month is tested, two models a family at most
PARAMETERS = """
today: "2024-03-01"
as_of: "2018-10-01"
horizon_days: 1
forecast:
  train_start: "2017-01-01"
  validation_start: "2018-07-01"
  test_start: "2018-09-01"
  data_ages: [0, 24]
models:
  learned:
    kernel_ridge: null
    random_forest: null
    lightgbm: { trees: [5], learning_rate: 0.2 }
tuning: { trials: 1, models: [ridge] }
statistical:
  models: { arima: { ar: 1 }, sarima: null, sarimax: null, sarima_ridge: null }
  trials: 0
"""
Train = Callable[..., str]


@pytest.fixture
def tracked(project: Project, tracking: str, monkeypatch: pytest.MonkeyPatch) -> Tracked:
    """An empty store, and a project to read the configuration of."""
    configure_project("triptych", preserve_logging=True)
    monkeypatch.chdir(project.path)
    for file in (project.path / "conf" / "test").glob("parameters*.yml"):
        file.unlink()
    (project.path / "conf" / "test" / "parameters.yml").write_text(PARAMETERS)
    return Tracked(tracking, "test")


@pytest.fixture
def train(project: Project, tracked: Tracked) -> Train:
    """Run a pipeline with the catalog's own datasets, and give the id of its run."""

    def make(pipeline: Pipeline, history: pd.DataFrame, **parameters: Any) -> str:
        configuration = read_configuration(project.path, "test")
        raw = {**configuration["parameters"], **parameters}
        known = ParameterValidator({"all": WHOLE}).validate_raw_params(raw)
        catalog = DataCatalog.from_config(
            _within(project.path, configuration["catalog"]), configuration["credentials"]
        )
        catalog["history"] = MemoryDataset(history, copy_mode="assign")
        wanted = pipeline.filter(to_nodes=[n.name for n in pipeline.nodes if "plot" not in n.name])
        for name in wanted.inputs():
            if name.startswith("params:"):
                catalog[name] = _nested(known, name.removeprefix("params:"))
        hook = TrackingHook()
        hook.after_context_created(SimpleNamespace(config_loader={"parameters": raw}))
        run_params = {
            "env": "test",
            "project_path": str(project.path),
            "runtime_params": parameters,
        }
        with mlflow.start_run() as run:
            hook.log_provenance(run_params, wanted)
            SequentialRunner().run(wanted, catalog)
        return str(run.info.run_id)

    return make


def _nested(parameters: Any, name: str) -> Any:
    """The value of a parameter, of `forecast.data_ages` for example."""
    first, *rest = name.split(".")
    return reduce(getattr, rest, parameters[first])


def _within(folder: Path, catalog: dict[str, Any]) -> dict[str, Any]:
    """The catalog's datasets but those of the main job's beginning, with absolute paths."""
    names = WHOLE.datasets() - {"history"}
    return {name: _moved(catalog[name], folder) for name in names if name in catalog}


def _moved(config: dict[str, Any], folder: Path) -> dict[str, Any]:
    moved = dict(config)
    if "dataset" in config:
        moved["dataset"] = _moved(config["dataset"], folder)
    if "filepath" in config:
        moved["filepath"] = str(folder / config["filepath"])
    return moved
