"""What a command needs of the project's configuration: the database, MLflow's store, parameters."""

from pathlib import Path

from kedro.config import OmegaConfigLoader

from triptych.parameters import PreprocessingParameters, RegistryParameters
from triptych.registry.models import ModelRegistry
from triptych.store.database import open_database


def open_registry(project: Path, env: str | None) -> ModelRegistry:
    """Open the register as a run of this environment would, and point MLflow to its store.

    Raises:
        StoreError: the database is away, is corrupt, or is not one of this version.
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
    """How a run of this environment treats gaps."""
    parameters = read_configuration(project, env)["parameters"]
    return PreprocessingParameters.model_validate(parameters["preprocessing"])


def registry_parameters(project: Path, env: str | None) -> RegistryParameters:
    """What evidence a promotion of this environment requires."""
    parameters = read_configuration(project, env)["parameters"]
    return RegistryParameters.model_validate(parameters["registry"])


def read_configuration(project: Path, env: str | None) -> OmegaConfigLoader:
    """The configuration of an environment, without any --params."""
    from kedro.framework.project import settings

    patterns = {"mlflow": ["mlflow*", "mlflow*/**", "**/mlflow*"]}
    return OmegaConfigLoader(
        str(project / settings.CONF_SOURCE),
        env=env,
        config_patterns=patterns,
        **settings.CONFIG_LOADER_ARGS,
    )
