"""Every run has a readable name, tags to search by, and a description on its page in MLflow."""

from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from triptych.hooks.classifier_description import STUDIES, ClassifierPage
from triptych.hooks.experiments import modality
from triptych.hooks.forecast_description import RunPage


class RunPageHook:
    """Names and tags the run as it starts, and describes it at its end, also when it fails."""

    def __init__(self) -> None:
        self._parameters: dict[str, Any] = {}
        self._page: RunPage | ClassifierPage | None = None

    @hook_impl
    def after_catalog_created(self, parameters: dict[str, Any]) -> None:
        """Keep the parameters: the configuration, the environment's, --params."""
        self._parameters = parameters["parameters"]

    @hook_impl(trylast=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Name and tag it: last, for kedro-mlflow opens the run in the same hook."""
        import mlflow

        self._page = None  # in a notebook one process makes many runs
        run = mlflow.active_run()
        if run is None:
            return
        names = run_params.get("pipeline_names") or [run_params.get("pipeline_name")]
        pipelines = [str(name or "__default__") for name in names]
        study = STUDIES.get(modality(pipeline) or "")
        if study is not None:
            self._page = ClassifierPage(study, pipelines, self._parameters)
        else:
            self._page = RunPage(pipelines, self._parameters, _slugs(catalog, self._parameters))
        experiment = mlflow.get_experiment(run.info.experiment_id)
        tags = _tags(self._page, run_params) | {"triptych.modality": experiment.name}
        mlflow.set_tags(tags)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Take note of what was saved."""
        if self._page is not None:
            self._page.note(dataset_name, data)

    @hook_impl(tryfirst=True)
    def after_pipeline_run(self) -> None:
        """Describe it: first, for kedro-mlflow closes the run in the same hook."""
        self._write(None)

    @hook_impl(tryfirst=True)
    def on_pipeline_error(self, error: Exception) -> None:
        """Say on its page why it failed."""
        self._write(str(error) or type(error).__name__)

    def _write(self, failure: str | None) -> None:
        import mlflow

        from triptych.registry.run_tags import REGISTERED_TAG

        run = mlflow.active_run()
        if self._page is None or run is None:
            return
        tags = mlflow.MlflowClient().get_run(run.info.run_id).data.tags
        self._page.registered = tags.get(REGISTERED_TAG)
        mlflow.set_tags(
            {
                "mlflow.runName": self._page.name,
                "mlflow.note.content": self._page.description(failure),
            }
        )


def _slugs(catalog: DataCatalog, parameters: dict[str, Any]) -> list[str]:
    """The locations that are asked for; what is wrong with them the run says itself."""
    from kedro.io import DatasetError

    from triptych.weather.errors import WeatherError
    from triptych.weather.locations import select_locations

    try:
        known = catalog.load("location_file")
        found = select_locations(known, parameters["location"], parameters["source"])
    except (DatasetError, WeatherError):
        return []
    return sorted(place.slug for place in found)


def _tags(page: RunPage | ClassifierPage, run_params: dict[str, Any]) -> dict[str, str]:
    from triptych.registry.tracking import LOCATIONS_TAG, locations_tag

    runner = type(run_params.get("runner")).__name__  # kedro-mlflow logs its address in memory
    tags = {
        "mlflow.runName": page.name,
        "triptych.pipeline": "+".join(page.pipelines),
        "triptych.source": page.source,
        LOCATIONS_TAG: locations_tag(page.locations),
        "runner": "SequentialRunner" if runner in {"str", "NoneType"} else runner,
    }
    return {name: text for name, text in tags.items() if text}
