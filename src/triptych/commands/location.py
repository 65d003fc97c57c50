"""`kedro location`: the cities that the project knows."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from kedro.framework.startup import ProjectMetadata

from triptych.commands.user_errors import user_errors


@click.group()
def location() -> None:
    """The cities that the project knows."""


@location.command(name="add")
@click.argument("name")
@click.option("--pick", type=click.IntRange(min=1), help="Which of several matches to take.")
@click.option("--slug", help="How the project names the location, such as paris-texas.")
@click.pass_obj
def add_location_command(
    metadata: ProjectMetadata, name: str, pick: int | None, slug: str | None
) -> None:
    """Look a city up by NAME and write it to conf/base/locations.yml.

    NAME may end in a region or country: "Paris, Texas". Where several places match, they are
    listed and you choose one; without a terminal, use --pick.
    """
    from triptych.weather import location_file
    from triptych.weather.sources import geocoding

    if slug is not None and geocoding.slugify(slug) != slug:
        example = geocoding.slugify(slug) or "paris-texas"
        raise click.BadParameter(
            f"{slug!r} has other characters than a-z, 0-9 and single hyphens. Name {example!r}.",
            param_hint="--slug",
        )
    path = Path(metadata.project_path) / "conf" / "base" / "locations.yml"
    with user_errors():
        matches = geocoding.search_places(
            name, os.environ.get("TRIPTYCH_GEOCODING_URL", geocoding.GEOCODING_URL)
        )
        found = geocoding.to_location(_choose(name, matches, pick), name, slug)
        location_file.add_location(path, found)
    click.echo(
        f"{found.name} is now {found.slug!r} in {path}: {found.latitude}, {found.longitude}."
    )
    click.echo(f'Forecast it with: kedro run --env live --params "location={found.slug}"')


def _choose(name: str, matches: list[Mapping[str, Any]], pick: int | None) -> Mapping[str, Any]:
    """Take the only match, or the one that the user picks."""
    from triptych.weather.sources.geocoding import describe

    if len(matches) == 1 and pick is None:
        return matches[0]
    for number, match in enumerate(matches, 1):
        click.echo(f"{number:2}  {describe(match)}")
    if pick is None:
        pick = _ask(name, len(matches))
    if pick > len(matches):
        raise click.BadParameter(f"{name!r} has {len(matches)} matches.", param_hint="--pick")
    return matches[pick - 1]


def _ask(name: str, count: int) -> int:
    try:
        number: int = click.prompt("Number", type=click.IntRange(1, count), default=1)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        click.echo()  # the prompt stands on this line
        raise click.ClickException(
            f"{name!r} matches {count} places; nothing was written. Choose one with --pick N, or "
            f'name its region or country too: "{name}, …".'
        ) from None
    return number
