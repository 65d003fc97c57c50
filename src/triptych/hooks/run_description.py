"""The hook that gives every MLflow run a readable name, tags to search by, and a description."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from triptych.hooks.descriptions import (
    COMPARISONS,
    STUDIES,
    Description,
    day_ahead,
    describe_classifiers,
    describe_forecasts,
)
from triptych.hooks.tracking import modality

_RESULTS = {"chosen_model", "monitoring_warnings"}.union(
    *({study.comparison, study.ranking} for study in STUDIES.values())
)


class RunDescriptionHook:
    """Names and tags the run as it starts, and describes it at its end, also when it fails."""

    def __init__(self) -> None:
        self._parameters: dict[str, Any] = {}
        self._saved: dict[str, Any] = {}
        self._job = ""
        self._describe: Callable[..., Description] | None = None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Keep the parameters of the configuration, the environment and --params."""
        self._parameters = context.config_loader["parameters"]

    @hook_impl(trylast=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Name and tag the run: last, because kedro-mlflow opens it in the same hook."""
        import mlflow

        from triptych.registry.tracking import LOCATIONS_TAG, locations_tag

        self._saved, self._describe = {}, None  # a notebook makes several runs in one process
        run = mlflow.active_run()
        if run is None:
            return
        names = run_params.get("pipeline_names") or [run_params.get("pipeline_name")]
        self._job = "+".join(str(name or "__default__") for name in names)
        group = modality(pipeline)
        if group:
            slugs, source = [], self._parameters[group]["source"]
            self._describe = partial(describe_classifiers, group, self._parameters)
        else:
            slugs, source = _slugs(catalog, self._parameters), self._parameters["source"]
            self._describe = partial(describe_forecasts, slugs, self._parameters)
        runner = type(run_params.get("runner")).__name__  # kedro-mlflow logs the address in memory
        tags = {
            "mlflow.runName": self._describe({}, ()).name(self._job),
            "triptych.pipeline": self._job,
            "triptych.source": source,
            "triptych.modality": mlflow.get_experiment(run.info.experiment_id).name,
            LOCATIONS_TAG: locations_tag(slugs),
            "runner": "SequentialRunner" if runner in {"str", "NoneType"} else runner,
        }
        mlflow.set_tags({name: text for name, text in tags.items() if text})

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Collect the results that the description shows."""
        if dataset_name in COMPARISONS:
            self._saved[dataset_name] = day_ahead(data)
        elif dataset_name in _RESULTS:
            self._saved[dataset_name] = data

    @hook_impl(tryfirst=True)
    def after_pipeline_run(self) -> None:
        """Describe the run: first, because kedro-mlflow ends it in the same hook."""
        self._write([])

    @hook_impl(tryfirst=True)
    def on_pipeline_error(self, error: Exception) -> None:
        """Describe a failed run and why it failed."""
        self._write([f"**Failed:** {str(error) or type(error).__name__}"])

    def _write(self, failure: list[str]) -> None:
        import mlflow

        from triptych.registry.tracking import REGISTERED_TAG

        run = mlflow.active_run()
        if self._describe is None or run is None:
            return
        model = mlflow.MlflowClient().get_run(run.info.run_id).data.tags.get(REGISTERED_TAG)
        stage = f"Registered as {model}; its stage today: tag `triptych.stage`."
        described = self._describe(self._saved, [stage] if model else [])
        note = "\n\n".join([*failure, *described.parts])
        mlflow.set_tags({"mlflow.runName": described.name(self._job), "mlflow.note.content": note})


def _slugs(catalog: DataCatalog, parameters: Mapping[str, Any]) -> list[str]:
    """The requested locations; empty if they are invalid, which the run reports itself."""
    from kedro.io import DatasetError

    from triptych.weather.errors import WeatherError
    from triptych.weather.locations import select_locations

    try:
        known = catalog.load("location_file")
        found = select_locations(known, parameters["location"], parameters["source"])
    except (DatasetError, WeatherError):
        return []
    return sorted(place.slug for place in found)
