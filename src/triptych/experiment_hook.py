"""One experiment a kind of data: kedro-mlflow's configuration knows a single one."""

from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.pipeline import Pipeline

# A run whose nodes all have such a tag goes to the experiment of this name.
MODALITIES = ("nlp", "vision")


class ExperimentHook:
    """Chooses the experiment of a run by what its nodes are about."""

    def __init__(self) -> None:
        self._context: Any = None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Keep the context: kedro-mlflow puts its configuration there."""
        self._context = context

    @hook_impl(tryfirst=True)
    def before_pipeline_run(self, pipeline: Pipeline) -> None:
        """Change the experiment: first, for kedro-mlflow opens the run in the same hook."""
        name = modality(pipeline)
        tracking = getattr(self._context, "mlflow", None)
        if name is not None and tracking is not None:
            tracking.tracking.experiment.name = name
            tracking._set_experiment()  # its public way is the start of a session alone


def modality(pipeline: Pipeline) -> str | None:
    """The kind of data that all nodes share; None for temperature, which mlflow.yml names."""
    shared = set.intersection(*(set(node.tags) for node in pipeline.nodes), set(MODALITIES))
    return next(iter(shared), None)
