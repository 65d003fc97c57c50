"""What happens around every run: what MLflow is told of it, and the summary at its end."""

import logging
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from pydantic import BaseModel

from triptych.errors import PipelineError
from triptych.hooks.run_summary import RunSummary
from triptych.parameters.run import check_parameters

logger = logging.getLogger(__name__)


class ParameterHook:
    """Checks all parameters: Kedro checks the groups that a pipeline takes, and no other name."""

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: KedroContext) -> None:
        """Refuse what is unknown or wrong before anything is opened, MLflow included."""
        check_parameters(context.config_loader["parameters"])


class TrackingHook:
    """Logs typed parameters one by one, and keeps a run in one piece."""

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any]) -> None:
        """Refuse the runner whose processes would each open an MLflow run of their own."""
        if "ParallelRunner" in str(run_params.get("runner")):
            raise PipelineError(
                "ParallelRunner splits one run into several in MLflow. "
                "Leave --runner out, or use ThreadRunner."
            )

    @hook_impl
    def before_node_run(self, inputs: dict[str, Any]) -> None:
        """Log the fields of typed groups: kedro-mlflow knows dictionaries alone."""
        import mlflow

        groups = {
            name.removeprefix("params:"): value
            for name, value in inputs.items()
            if name.startswith("params:") and isinstance(value, BaseModel)
        }
        if mlflow.active_run() is None:
            return
        for group, value in groups.items():
            fields = value.model_dump(mode="json")
            mlflow.log_params({f"{group}.{field}": content for field, content in fields.items()})


class ReportHook:
    """Gives MLflow the report of the validation that a run has written, also when it fails.

    It comes first: kedro-mlflow closes the run in the same hooks.
    """

    @hook_impl(tryfirst=True)
    def after_pipeline_run(self, catalog: DataCatalog) -> None:
        """Log it at the end of a run."""
        self._log(catalog)

    @hook_impl(tryfirst=True)
    def on_pipeline_error(self, catalog: DataCatalog) -> None:
        """Log it when a run fails: that is when it is read."""
        self._log(catalog)

    def _log(self, catalog: DataCatalog) -> None:
        from triptych.datasets import AppendCSVDataset

        report = catalog.get("validation_report")
        if isinstance(report, AppendCSVDataset):
            report.log()


class SummaryHook:
    """Counts what a run saves and says it once, at the end."""

    def __init__(self) -> None:
        self._summary = RunSummary()

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Start from nothing: in a notebook one process makes many runs."""
        self._summary = RunSummary()

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Take note of what was saved."""
        self._summary.note(dataset_name, data)

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Say what the run did."""
        for line in self._summary.lines():
            logger.info(line)
