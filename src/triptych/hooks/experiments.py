"""One experiment a kind of data: kedro-mlflow's configuration knows a single one."""

from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.pipeline import Pipeline

# A run whose nodes all have such a tag goes to the experiment of this name.
DESCRIPTIONS = {
    "nlp": (
        "Sentiment of French film reviews: one run a `kedro run --pipeline nlp`; the name says "
        "which classifier was chosen and its accuracy."
    ),
    "vision": (
        "What grows on field photos: one run a `kedro run --pipeline vision`; the name says which "
        "classifier was chosen and its accuracy."
    ),
}
_SHARED = """

- `chosen/*`: the classifier that the run registered, on each split that versions are compared on
- `<model>.<split>.<measure>`: every classifier of the comparison; experiments are nested runs
- tags `triptych.*`: pipeline, source, algorithm, stage, git state, digests of data and model
"""
_NOTE = "mlflow.note.content"
_OF_TEMPERATURE = ("mlflow.sharedViewState.day-ahead",)


class ExperimentHook:
    """Chooses the experiment of a run by what its nodes are about."""

    def __init__(self) -> None:
        self._context: Any = None

    @hook_impl(trylast=True)
    def after_context_created(self, context: KedroContext) -> None:
        """Keep the context: last, for kedro-mlflow opens the store in the same hook."""
        from triptych.registry.artifacts import prepare_artifacts

        self._context = context
        tracking = getattr(context, "mlflow", None)
        if tracking is not None:
            prepare_artifacts(tracking.server.mlflow_tracking_uri)

    @hook_impl(tryfirst=True)
    def before_pipeline_run(self, pipeline: Pipeline) -> None:
        """Change the experiment: first, for kedro-mlflow opens the run in the same hook."""
        name = modality(pipeline)
        tracking = getattr(self._context, "mlflow", None)
        if name is None or tracking is None:
            return
        experiment = tracking.tracking.experiment
        tags = experiment.create_experiment_kwargs.tags or {}
        of_temperature = tags.get(_NOTE)
        experiment.name = name
        experiment.create_experiment_kwargs.tags = _describe(name, tags)
        tracking._set_experiment()  # its public way is the start of a session alone
        _correct_description(name, of_temperature)


def modality(pipeline: Pipeline) -> str | None:
    """The kind of data that all nodes share; None for temperature, which mlflow.yml names."""
    shared = set.intersection(*(set(node.tags) for node in pipeline.nodes), set(DESCRIPTIONS))
    return next(iter(shared), None)


def _describe(name: str, tags: dict[str, str]) -> dict[str, str]:
    """The tags of an experiment other than temperature's, which mlflow.yml has."""
    kept = {key: value for key, value in tags.items() if key not in _OF_TEMPERATURE}
    return {**kept, _NOTE: DESCRIPTIONS[name] + _SHARED}


def _correct_description(name: str, of_temperature: str | None) -> None:
    """Replace the description of temperature, which earlier versions gave every experiment."""
    import mlflow

    client = mlflow.MlflowClient()
    experiment = client.get_experiment_by_name(name)
    if experiment is not None and experiment.tags.get(_NOTE) == of_temperature:
        client.set_experiment_tag(experiment.experiment_id, _NOTE, DESCRIPTIONS[name] + _SHARED)
