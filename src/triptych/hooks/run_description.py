"""The hook that gives every MLflow run a readable name, tags to search by, and a description."""

from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from triptych.hooks.classifier_description import STUDIES, ClassifierDescription
from triptych.hooks.experiments import modality
from triptych.hooks.forecast_description import ForecastDescription

Description = ForecastDescription | ClassifierDescription


class RunDescriptionHook:
    """Names and tags the run as it starts, and describes it at its end, also when it fails."""

    def __init__(self) -> None:
        self._parameters: dict[str, Any] = {}
        self._description: Description | None = None

    @hook_impl
    def after_catalog_created(self, parameters: dict[str, Any]) -> None:
        """Keep the parameters of the configuration, the environment and --params."""
        self._parameters = parameters["parameters"]

    @hook_impl(trylast=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Name and tag the run: last, because kedro-mlflow opens it in the same hook."""
        import mlflow

        self._description = None  # a notebook makes several runs in one process
        run = mlflow.active_run()
        if run is None:
            return
        names = run_params.get("pipeline_names") or [run_params.get("pipeline_name")]
        pipelines = [str(name or "__default__") for name in names]
        study = STUDIES.get(modality(pipeline) or "")
        if study is not None:
            self._description = ClassifierDescription(study, pipelines, self._parameters)
        else:
            slugs = _slugs(catalog, self._parameters)
            self._description = ForecastDescription(pipelines, self._parameters, slugs)
        experiment = mlflow.get_experiment(run.info.experiment_id)
        tags = _tags(self._description, run_params) | {"triptych.modality": experiment.name}
        mlflow.set_tags(tags)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Collect the results that the description shows."""
        if self._description is not None:
            self._description.add(dataset_name, data)

    @hook_impl(tryfirst=True)
    def after_pipeline_run(self) -> None:
        """Describe the run: first, because kedro-mlflow ends it in the same hook."""
        self._write(None)

    @hook_impl(tryfirst=True)
    def on_pipeline_error(self, error: Exception) -> None:
        """Describe a failed run and why it failed."""
        self._write(str(error) or type(error).__name__)

    def _write(self, failure: str | None) -> None:
        import mlflow

        from triptych.registry.run_tags import REGISTERED_TAG

        run = mlflow.active_run()
        if self._description is None or run is None:
            return
        tags = mlflow.MlflowClient().get_run(run.info.run_id).data.tags
        self._description.registered = tags.get(REGISTERED_TAG)
        mlflow.set_tags(
            {
                "mlflow.runName": self._description.name,
                "mlflow.note.content": self._description.description(failure),
            }
        )


def _slugs(catalog: DataCatalog, parameters: dict[str, Any]) -> list[str]:
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


def _tags(description: Description, run_params: dict[str, Any]) -> dict[str, str]:
    from triptych.registry.tracking import LOCATIONS_TAG, locations_tag

    runner = type(run_params.get("runner")).__name__  # kedro-mlflow logs the address in memory
    tags = {
        "mlflow.runName": description.name,
        "triptych.pipeline": "+".join(description.pipelines),
        "triptych.source": description.source,
        LOCATIONS_TAG: locations_tag(description.locations),
        "runner": "SequentialRunner" if runner in {"str", "NoneType"} else runner,
    }
    return {name: text for name, text in tags.items() if text}
