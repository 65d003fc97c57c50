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
    import mlflow

    experiment = config.tracking.experiment
    temperature = experiment.create_experiment_kwargs.tags or {}
    tags = {key: text for key, text in temperature.items() if key not in _TEMPERATURE_ONLY}
    experiment.name, note = name, DESCRIPTIONS[name] + _SHARED
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
