"""`kedro location`: manage the configured cities."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from kedro.framework.startup import ProjectMetadata

from triptych.commands.error_messages import user_errors
from triptych.weather import locations
from triptych.weather.sources import geocoding


@click.group()
def location() -> None:
    """Manage the configured cities."""


@location.command(name="add")
@click.argument("name")
@click.option("--pick", type=click.IntRange(min=1), help="Number of the match to use.")
@click.option("--slug", help="Slug of the location, for example paris-texas.")
@click.pass_obj
def add_location_command(
    metadata: ProjectMetadata, name: str, pick: int | None, slug: str | None
) -> None:
    """Look up the city NAME and add it to conf/local/locations.yml.

    NAME may include a region or country: "Paris, Texas". If several places match, choose one
    from the list; without a terminal, use --pick.
    """
    if slug is not None and geocoding.slugify(slug) != slug:
        example = geocoding.slugify(slug) or "paris-texas"
        raise click.BadParameter(
            f"Slug {slug!r} may only contain a-z, 0-9 and single hyphens. Use {example!r}.",
            param_hint="--slug",
        )
    path = _file(metadata)
    with user_errors():
        matches = geocoding.search_places(
            name, os.environ.get("TRIPTYCH_GEOCODING_URL", geocoding.GEOCODING_URL)
        )
        found = geocoding.to_location(_choose(name, matches, pick), name, slug)
        added = locations.add_locations(path, [found])
    place = f"{found.latitude}, {found.longitude}"
    if added:
        file = locations.user_file(path)
        click.echo(f"Added {found.name} as {found.slug!r} to {file}: {place}.")
    else:
        click.echo(f"{found.name} is already there, as {found.slug!r}: {place}.")
    click.echo(f'To forecast it: kedro run --env live --params "location={found.slug}"')


@location.command(name="list")
@click.pass_obj
def list_locations_command(metadata: ProjectMetadata) -> None:
    """List all locations, with their source and the file that they come from."""
    path = _file(metadata)
    with user_errors():
        of_project = locations.load_locations(path)
        for each in locations.load_all(path):
            folder = "base" if each in of_project else "local"
            click.echo(
                f"{each.slug:24} {each.latitude:9.4f} {each.longitude:9.4f} "
                f"{each.elevation:6.0f} m  {each.source:10}  conf/{folder}  {each.name}"
            )


@location.command(name="remove")
@click.argument("slug")
@click.pass_obj
def remove_location_command(metadata: ProjectMetadata, slug: str) -> None:
    """Remove the location SLUG from conf/local/locations.yml; its stored data stay."""
    with user_errors():
        locations.remove_location(_file(metadata), slug)
    click.echo(f"Removed {slug!r}. Its weather and predictions stay in the database.")


@location.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def import_locations_command(metadata: ProjectMetadata, file: Path) -> None:
    """Add the locations of a CSV FILE to conf/local/locations.yml.

    Columns: slug, name, latitude, longitude, elevation, timezone.
    """
    with user_errors():
        found = locations.read_csv(file)
        added = locations.add_locations(_file(metadata), found)
    click.echo(
        f"Added {len(added):,} of {len(found):,} locations of {file}; the others were there."
    )


def _file(metadata: ProjectMetadata) -> Path:
    return Path(metadata.project_path) / "conf" / "base" / "locations.yml"


def _choose(name: str, matches: list[Mapping[str, Any]], pick: int | None) -> Mapping[str, Any]:
    """Return the only match, or the one that the user picks."""
    if len(matches) == 1 and pick is None:
        return matches[0]
    for number, match in enumerate(matches, 1):
        click.echo(f"{number:2}  {geocoding.describe(match)}")
    count = len(matches)
    try:
        number = pick or click.prompt("Number", type=click.IntRange(1, count), default=1)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        click.echo()  # end the line of the prompt
        raise click.ClickException(
            f"{name!r} matches {count} places; nothing was written. Choose one with --pick N, or "
            f'name its region or country too: "{name}, …".'
        ) from None
    if number > count:
        raise click.BadParameter(f"{name!r} has {count} matches.", param_hint="--pick")
    return matches[number - 1]
