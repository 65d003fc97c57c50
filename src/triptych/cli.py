"""The project's commands, beside Kedro's own: a `run` that ends a user's mistake in one message."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.cli.utils import CONTEXT_SETTINGS
from kedro.framework.startup import ProjectMetadata


@click.group(context_settings=CONTEXT_SETTINGS, name="triptych")
def cli() -> None:
    """Triptych's commands."""


@contextmanager
def user_errors() -> Iterator[None]:
    """Turn an error that its user can mend into one message and exit code 1."""
    try:
        yield
    except Exception as error:
        message = explain(error)
        if message is None:
            raise
        raise click.ClickException(message) from error


def explain(error: BaseException | None) -> str | None:
    """Find the user's error among the causes (Kedro wraps what a dataset raises); None if alien."""
    from kedro.validation.exceptions import ParameterValidationError

    from triptych.errors import PipelineError
    from triptych.forecasting.errors import ForecastingError
    from triptych.store.errors import StoreError
    from triptych.weather.errors import WeatherError

    known = (PipelineError, ForecastingError, StoreError, WeatherError, ParameterValidationError)
    while error is not None:
        if isinstance(error, known):
            return str(error)
        error = error.__cause__ or error.__context__
    return None


@cli.command(name="run", params=kedro_run.params, help=kedro_run.help)
def run(**options: Any) -> Any:
    """Run pipelines as Kedro does."""
    # `--pipeline NAME` stays welcome here: it reads better for one pipeline than `--pipelines`.
    if options["pipeline"] and not options["pipelines"]:
        options["pipelines"] = [options.pop("pipeline")]
        options["pipeline"] = None
    assert kedro_run.callback is not None  # noqa: S101 (click's type allows a command without one)
    with user_errors():
        return kedro_run.callback(**options)


@cli.group()
def location() -> None:
    """The cities that the project knows."""


@location.command(name="add")
@click.argument("name")
@click.pass_obj
def add_location_command(metadata: ProjectMetadata, name: str) -> None:
    """Look a city up by NAME and write it to conf/base/locations.yml."""
    from triptych.weather import geocoding, location_file

    path = Path(metadata.project_path) / "conf" / "base" / "locations.yml"
    with user_errors():
        found = geocoding.find_city(
            name, os.environ.get("TRIPTYCH_GEOCODING_URL", geocoding.GEOCODING_URL)
        )
        location_file.add_location(path, found)
    click.echo(
        f"{found.name} is now {found.slug!r} in {path}: {found.latitude}, {found.longitude}."
    )
    click.echo(f'Forecast it with: kedro run --env live --params "location={found.slug}"')
