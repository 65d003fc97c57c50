"""One MLflow experiment per kind of data; kedro-mlflow's configuration has only one."""

from typing import Any

from kedro.pipeline import Pipeline

# A run whose nodes all have such a tag goes to the experiment of this name.
DESCRIPTIONS = {
    "nlp": (
        "Sentiment of French film reviews: one run per `kedro run --pipeline nlp`, named after the "
        "selected classifier and its accuracy."
    ),
    "vision": (
        "Classes of field photos: one run per `kedro run --pipeline vision`, named after the "
        "selected classifier and its accuracy."
    ),
}
_SHARED = """

- `chosen/*`: the registered classifier, on each split used to compare versions
- `<model>.<split>.<measure>`: every classifier of the comparison; ablations are nested runs
- tags `triptych.*`: pipeline, source, algorithm, stage, git state, digests of data and model
"""
_NOTE = "mlflow.note.content"
_TEMPERATURE_ONLY = ("mlflow.sharedViewState.day-ahead",)


def choose_experiment(pipeline: Pipeline, context: Any) -> None:
    """Make the experiment of the pipeline's data the one that kedro-mlflow opens runs in.

    Args:
        pipeline: all nodes of a run.
        context: Kedro's context; kedro-mlflow keeps its configuration in the attribute `mlflow`.
    """
    name, config = modality(pipeline), getattr(context, "mlflow", None)
    if name is None or config is None:
        return
    experiment = config.tracking.experiment
    tags = experiment.create_experiment_kwargs.tags or {}
    experiment.name = name
    experiment.create_experiment_kwargs.tags = _experiment_tags(name, tags)
    config.setup(context)  # again, as in `after_context_created`: it sets the experiment
    _correct_description(name, tags.get(_NOTE))


def modality(pipeline: Pipeline) -> str | None:
    """The tag of DESCRIPTIONS that all nodes have; None for temperature, which mlflow.yml names."""
    shared = set.intersection(*(set(node.tags) for node in pipeline.nodes), set(DESCRIPTIONS))
    return next(iter(shared), None)


def _experiment_tags(name: str, tags: dict[str, str]) -> dict[str, str]:
    """Adapt the tags of the temperature experiment, which mlflow.yml has."""
    kept = {key: value for key, value in tags.items() if key not in _TEMPERATURE_ONLY}
    return {**kept, _NOTE: DESCRIPTIONS[name] + _SHARED}


def _correct_description(name: str, temperature: str | None) -> None:
    """Replace the temperature description, which earlier versions gave to every experiment."""
    import mlflow

    client = mlflow.MlflowClient()
    experiment = client.get_experiment_by_name(name)
    if experiment is not None and _subject(experiment.tags.get(_NOTE)) == _subject(temperature):
        client.set_experiment_tag(experiment.experiment_id, _NOTE, DESCRIPTIONS[name] + _SHARED)


def _subject(note: str | None) -> str:
    return (note or "").partition(":")[0]
