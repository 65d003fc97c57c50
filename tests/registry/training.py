"""Small real trainings, tracked as `kedro run` tracks them, in the test's own process."""

import json
from dataclasses import dataclass
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

from tests.fixtures.commands import git
from tests.fixtures.project import Project
from tests.pipelines.hand_made import history
from triptych.commands.project import read_configuration
from triptych.hooks.tracking import TrackingHook
from triptych.pipelines import ts_evaluation, ts_ml, ts_statistical
from triptych.registry.artifacts import prepare_artifacts
from triptych.registry.reproduction.reproduce import TrackedRuns

LEARNED = ts_ml.create_pipeline()
STATISTICAL = ts_statistical.create_pipeline()
EVALUATION = ts_evaluation.create_pipeline()
WHOLE = STATISTICAL + LEARNED + EVALUATION
KNOWN = history("2017-01-01", "2018-10-01")
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
tuning: { trials: 1, models: [ridge], feature_set_locations: 0 }
statistical:
  models: { arima: { ar: 1 }, sarima: null, sarimax: null, sarima_ridge: null }
  trials: 0
"""


@dataclass(frozen=True)
class Trained:
    """A project with tracked trainings; `runs`: their ids by name."""

    project: Project
    tracked: TrackedRuns
    runs: dict[str, str]

    def train(self, pipeline: Pipeline, rows: pd.DataFrame, **parameters: Any) -> str:
        """Run a pipeline with the catalog's own datasets; return the id of its run."""
        folder = self.project.path
        configuration = read_configuration(folder, "test")
        raw = {**configuration["parameters"], **parameters}
        known = ParameterValidator({"all": WHOLE}).validate_raw_params(raw)
        names = WHOLE.datasets() - {"history"}
        catalog = DataCatalog.from_config(
            {
                name: _moved(entry, folder)
                for name, entry in configuration["catalog"].items()
                if name in names or "{" in name  # dataset factories
            },
            configuration["credentials"],
        )
        catalog["history"] = MemoryDataset(rows, copy_mode="assign")
        wanted = pipeline.filter(to_nodes=[n.name for n in pipeline.nodes if "plot" not in n.name])
        for name in wanted.inputs():
            if name.startswith("params:"):
                first, *rest = name.removeprefix("params:").split(".")
                catalog[name] = reduce(getattr, rest, known[first])
        hook = TrackingHook()
        hook.after_context_created(SimpleNamespace(config_loader={"parameters": raw}))
        run_params = {"env": "test", "project_path": str(folder), "runtime_params": parameters}
        with mlflow.start_run() as run:
            hook.log_provenance(run_params, wanted)
            SequentialRunner().run(wanted, catalog)
        return str(run.info.run_id)

    def edit_manifest(self, run_id: str, *path: str, value: Any) -> None:
        """Write another value in the manifest of a run."""
        artifacts = self.project.path / "data" / "mlartifacts" / run_id / "artifacts"
        record = json.loads((artifacts / "provenance.json").read_text())
        part = record
        for name in path[:-1]:
            part = part[name]
        part[path[-1]] = value
        (artifacts / "provenance.json").write_text(json.dumps(record))


def open_tracking(
    project: Project, monkeypatch: pytest.MonkeyPatch, runs: dict[str, str] | None = None
) -> Trained:
    """Make a project's own tracking store the active one, with an experiment `test`."""
    configure_project("triptych", preserve_logging=True)
    monkeypatch.chdir(project.path)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    mlflow.set_tracking_uri(project.tracking_uri)
    prepare_artifacts(project.tracking_uri)
    if mlflow.get_experiment_by_name("test") is None:
        mlflow.create_experiment("test", "triptych-artifacts:/")
    mlflow.set_experiment("test")
    return Trained(project, TrackedRuns(project.tracking_uri, "test"), runs or {})


def train_all(project: Project, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Track six runs that differ in a project under git."""
    for file in (project.path / "conf" / "test").glob("parameters*.yml"):
        file.unlink()
    (project.path / "conf" / "test" / "parameters.yml").write_text(PARAMETERS)
    (project.path / "conf" / "local" / "mlflow.yml").write_text(
        "tracking: { experiment: { name: test } }\n"
    )
    git(project.path, "init", "--quiet")
    git(project.path, "add", "pyproject.toml")
    git(project.path, "commit", "--quiet", "--message", "all of it")
    train = open_tracking(project, monkeypatch).train
    return {
        "another place": train(LEARNED, history("2017-01-01", "2018-10-01", ("westhaven",))),
        "another seed": train(LEARNED, KNOWN, seed=21),
        "statistical": train(STATISTICAL, KNOWN),
        "learned": train(LEARNED, KNOWN),
        "evaluation": train(EVALUATION, KNOWN),
        "both families": train(WHOLE, KNOWN),
    }


def _moved(config: dict[str, Any], folder: Path) -> dict[str, Any]:
    moved = dict(config)
    if "dataset" in config:
        moved["dataset"] = _moved(config["dataset"], folder)
    if "filepath" in config:
        moved["filepath"] = str(folder / config["filepath"])
    return moved
