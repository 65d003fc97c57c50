"""`kedro location`: the cities that the project knows."""

import os
from pathlib import Path

import click
from kedro.framework.startup import ProjectMetadata

from triptych.commands.user_errors import user_errors


@click.group()
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
