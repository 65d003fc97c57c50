"""Every run leaves in MLflow the record of what it was asked for and what it stood on."""

from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.pipeline import Pipeline


class ProvenanceHook:
    """Logs the record as a run starts, so that one that fails or is killed has it too."""

    def __init__(self) -> None:
        self._context: Any = None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Keep the context: its parameters are the configuration, the environment's, --params.

        As they were given: a default that nobody set is the code's, and the code is recorded too.
        """
        self._context = context

    @hook_impl(trylast=True)
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline) -> None:
        """Log it: last, for kedro-mlflow opens the run in the same hook."""
        import mlflow

        from triptych.registry.environment import surroundings
        from triptych.registry.run_manifest import RunRecord, log_record

        if mlflow.active_run() is None:
            return
        log_record(
            RunRecord(
                env=run_params["env"],
                nodes=sorted(node.short_name for node in pipeline.nodes),
                parameters=plain(self._context.config_loader["parameters"]),
                runtime_params=plain(run_params["runtime_params"] or {}),
                **surroundings(Path(run_params["project_path"])),
            )
        )


def plain(value: Any) -> Any:
    """Turn parameters into what JSON can say; dates are text, as in YAML."""
    if isinstance(value, dict):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value if isinstance(value, str | int | float | None) else str(value)
