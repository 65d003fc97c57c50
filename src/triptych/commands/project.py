"""Configuration of commands: database, MLflow store, parameters."""

from pathlib import Path

from kedro.config import OmegaConfigLoader

from triptych.parameters.ingestion import PreprocessingParameters
from triptych.parameters.operations import RegistryParameters
from triptych.registry.models import ModelRegistry
from triptych.store.database import open_database


def open_registry(project: Path, env: str | None) -> ModelRegistry:
    """Open the model registry of an environment, and set MLflow's tracking URI.

    Raises:
        StoreError: the database is unavailable, corrupt or of another version.
        PipelineError: MLflow's database cannot be read.
    """
    import mlflow

    from triptych.registry.artifacts import prepare_artifacts

    configuration = read_configuration(project, env)
    tracking_uri = configuration["mlflow"]["server"]["mlflow_tracking_uri"]
    mlflow.set_tracking_uri(tracking_uri)
    prepare_artifacts(tracking_uri)
    return ModelRegistry(open_database(configuration["credentials"]["database"]["url"]), project)


def preprocessing_parameters(project: Path, env: str | None) -> PreprocessingParameters:
    """Return the preprocessing parameters of an environment."""
    parameters = read_configuration(project, env)["parameters"]
    return PreprocessingParameters.model_validate(parameters["preprocessing"])


def registry_parameters(project: Path, env: str | None) -> RegistryParameters:
    """Return the promotion rules of an environment."""
    parameters = read_configuration(project, env)["parameters"]
    return RegistryParameters.model_validate(parameters["registry"])


def read_configuration(project: Path, env: str | None) -> OmegaConfigLoader:
    """Load the configuration of an environment, without --params."""
    from kedro.framework.project import settings

    patterns = {"mlflow": ["mlflow*", "mlflow*/**", "**/mlflow*"]}
    return OmegaConfigLoader(
        str(project / settings.CONF_SOURCE),
        env=env,
        config_patterns=patterns,
        **settings.CONFIG_LOADER_ARGS,
    )
