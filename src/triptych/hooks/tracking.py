"""The hook that tracks runs in MLflow, beyond what kedro-mlflow logs itself.

kedro-mlflow opens the MLflow run in `before_pipeline_run` and ends it in `after_pipeline_run` and
`on_pipeline_error`. Methods that must come before or after it say so with `tryfirst` and `trylast`.
"""

import json
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from pydantic import BaseModel

from triptych.datasets.files import AppendCSVDataset
from triptych.errors import PipelineError
from triptych.registry.artifacts import prepare_artifacts
from triptych.registry.provenance import RunManifest, describe_environment, log_manifest

# A run whose nodes all have such a tag goes to the experiment of this name.
DESCRIPTIONS = {"nlp": "Sentiment of French film reviews", "vision": "Classes of field photos"}
_TEXT = """\
{subject}: one run per `kedro run --pipeline {name}`, named after the selected classifier and its \
accuracy.

- `chosen/*`: the registered classifier, on each split used to compare versions
- `<model>.<split>.<measure>`: every classifier of the comparison; ablations are nested runs
- tags `triptych.*`: pipeline, source, algorithm, stage, git state, digests of data and model
"""
_NOTE = "mlflow.note.content"
_TEMPERATURE_ONLY = ("mlflow.sharedViewState.day-ahead",)


class TrackingHook:
    """Chooses the experiment, logs provenance and typed parameters, and attaches the report."""

    _context: Any = None

    @hook_impl(trylast=True)
    def after_context_created(self, context: KedroContext) -> None:
        """Keep the context, and make artifact locations relative: after kedro-mlflow's setup."""
        self._context = context
        tracking = getattr(context, "mlflow", None)
        if tracking is not None:
            prepare_artifacts(tracking.server.mlflow_tracking_uri)

    @hook_impl(specname="before_pipeline_run", tryfirst=True)
    def open_experiment(self, run_params: dict[str, Any], pipeline: Pipeline) -> None:
        """Choose the experiment by the data of the pipeline: before kedro-mlflow opens the run.

        ParallelRunner is a PipelineError: it would open an MLflow run in each of its processes.
        """
        if "ParallelRunner" in str(run_params.get("runner")):
            raise PipelineError(
                "ParallelRunner splits one run into several in MLflow. "
                "Leave --runner out, or use ThreadRunner."
            )
        choose_experiment(pipeline, self._context)

    @hook_impl(specname="before_pipeline_run", trylast=True)
    def log_provenance(self, run_params: dict[str, Any], pipeline: Pipeline) -> None:
        """Log parameters and environment at the start, so that failed runs have them too.

        The parameters are those of the configuration, the environment and --params, as given:
        defaults belong to the code, which is recorded by its commit.
        """
        import mlflow

        if mlflow.active_run() is None:
            return
        log_manifest(
            RunManifest(
                env=run_params["env"],
                nodes=sorted(node.short_name for node in pipeline.nodes),
                parameters=_to_json(self._context.config_loader["parameters"]),
                runtime_params=_to_json(run_params["runtime_params"] or {}),
                **describe_environment(Path(run_params["project_path"])),
            )
        )

    @hook_impl(specname="before_pipeline_run", trylast=True)
    def log_parameters(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Log the fields of typed parameter groups; kedro-mlflow flattens only dictionaries."""
        import mlflow
        import pandas as pd

        if mlflow.active_run() is None:
            return
        fields = pd.json_normalize(
            {
                name.removeprefix("params:"): group.model_dump(mode="json")
                for name in pipeline.inputs()
                if name.startswith("params:")
                if isinstance(group := catalog[name].load(), BaseModel)
            }
        )
        mlflow.log_params({str(name): column.iloc[0] for name, column in fields.items()})

    @hook_impl(tryfirst=True)
    def after_pipeline_run(self, catalog: DataCatalog) -> None:
        """Log the ingestion reports: before kedro-mlflow ends the run."""
        _log_reports(catalog)

    @hook_impl(tryfirst=True)
    def on_pipeline_error(self, catalog: DataCatalog) -> None:
        """Log the ingestion reports of a failed run too, where they are needed most."""
        _log_reports(catalog)


def _log_reports(catalog: DataCatalog) -> None:
    for report in (catalog.get("validation_report"), catalog.get("model_report")):
        if isinstance(report, AppendCSVDataset):
            report.log()


def _to_json(value: Any) -> Any:
    """Convert parameters to JSON types; dates become text, as in YAML."""
    return json.loads(json.dumps(value, default=str))


def choose_experiment(pipeline: Pipeline, context: Any) -> None:
    """Make the experiment of the pipeline's data the one that kedro-mlflow opens runs in.

    kedro-mlflow keeps its configuration in the attribute `mlflow` of Kedro's context.
    """
    name, config = modality(pipeline), getattr(context, "mlflow", None)
    if name is None or config is None:
        return
    import mlflow

    experiment = config.tracking.experiment
    temperature = experiment.create_experiment_kwargs.tags or {}
    tags = {key: text for key, text in temperature.items() if key not in _TEMPERATURE_ONLY}
    experiment.name, note = name, _TEXT.format(subject=DESCRIPTIONS[name], name=name)
    experiment.create_experiment_kwargs.tags = {**tags, _NOTE: note}
    config.setup(context)  # again, as in `after_context_created`: it sets the experiment
    client = mlflow.MlflowClient()
    found = client.get_experiment_by_name(name)
    # earlier versions gave the temperature description to every experiment
    if found and _subject(found.tags.get(_NOTE)) == _subject(temperature.get(_NOTE)):
        client.set_experiment_tag(found.experiment_id, _NOTE, note)


def modality(pipeline: Pipeline) -> str | None:
    """The tag of DESCRIPTIONS that all nodes have; None for temperature, which mlflow.yml names."""
    shared = set.intersection(*(set(node.tags) for node in pipeline.nodes), set(DESCRIPTIONS))
    return next(iter(shared), None)


def _subject(note: str | None) -> str:
    return (note or "").partition(":")[0]
