"""What the project's commands share: configuration, model registry, options, error messages."""

import logging
from collections.abc import Callable
from functools import update_wrapper
from pathlib import Path
from typing import Any

import click
from kedro.config import OmegaConfigLoader
from kedro.framework.project import settings
from kedro.framework.startup import ProjectMetadata

from triptych.commands.error_messages import user_errors
from triptych.registry.artifacts import prepare_artifacts
from triptych.registry.models import ModelRegistry
from triptych.store.migrate import open_database

_LEVELS = {
    "kedro.runner": logging.WARNING, "triptych": logging.WARNING, "urllib3": logging.ERROR,
    "triptych.execution.progress": logging.INFO,
}  # fmt: skip


def project_command(
    name: str, group: click.Group | None = None
) -> Callable[[Callable[..., None]], click.Command]:
    """Make a command of a function that takes the project's path and `env`.

    It prints its own output and progress: other logs below warnings, and retries of requests, are
    hidden. User errors end it with their message.
    """

    def decorate(function: Callable[..., None]) -> click.Command:
        def guarded(metadata: ProjectMetadata, /, **options: Any) -> None:
            for logger, level in _LEVELS.items():
                logging.getLogger(logger).setLevel(level)
            with user_errors():
                function(Path(metadata.project_path), **options)

        with_env = click.option("--env", "-e", help="Environment of conf/, as for kedro run.")
        command = click.command(name)(with_env(update_wrapper(click.pass_obj(guarded), function)))
        if group is not None:
            group.add_command(command)
        return command

    return decorate


def open_registry(project: Path, env: str | None) -> ModelRegistry:
    """Open the model registry of an environment, and its tracking store."""
    configuration = read_configuration(project, env)
    open_tracking(configuration)
    return ModelRegistry(open_database(configuration["credentials"]["database"]["url"]), project)


def open_tracking(configuration: OmegaConfigLoader) -> str:
    """Make the tracking store of a configuration the active one, and return its URI."""
    import mlflow

    uri = str(configuration["mlflow"]["server"]["mlflow_tracking_uri"])
    mlflow.set_tracking_uri(uri)
    prepare_artifacts(uri)
    return uri


def read_configuration(project: Path, env: str | None) -> OmegaConfigLoader:
    """Load the configuration of an environment, without --params."""
    patterns = {"mlflow": ["mlflow*", "mlflow*/**", "**/mlflow*"]}
    return OmegaConfigLoader(
        str(project / settings.CONF_SOURCE),
        env=env,
        config_patterns=patterns,
        **settings.CONFIG_LOADER_ARGS,
    )
