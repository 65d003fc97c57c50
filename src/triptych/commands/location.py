"""`kedro location`: manage the configured cities."""

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
    """Manage the configured cities."""


@location.command(name="add")
@click.argument("name")
@click.option("--pick", type=click.IntRange(min=1), help="Number of the match to use.")
@click.option("--slug", help="Slug of the location, for example paris-texas.")
@click.pass_obj
def add_location_command(
    metadata: ProjectMetadata, name: str, pick: int | None, slug: str | None
) -> None:
    """Look up the city NAME and add it to conf/base/locations.yml.

    NAME may include a region or country: "Paris, Texas". If several places match, choose one
    from the list; without a terminal, use --pick.
    """
    from triptych.weather import location_file
    from triptych.weather.sources import geocoding

    if slug is not None and geocoding.slugify(slug) != slug:
        example = geocoding.slugify(slug) or "paris-texas"
        raise click.BadParameter(
            f"Slug {slug!r} may only contain a-z, 0-9 and single hyphens. Use {example!r}.",
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
        f"Added {found.name} as {found.slug!r} to {path}: {found.latitude}, {found.longitude}."
    )
    click.echo(f'To forecast it: kedro run --env live --params "location={found.slug}"')


def _choose(name: str, matches: list[Mapping[str, Any]], pick: int | None) -> Mapping[str, Any]:
    """Return the only match, or the one that the user picks."""
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
        click.echo()  # end the line of the prompt
        raise click.ClickException(
            f"{name!r} matches {count} places; nothing was written. Choose one with --pick N, or "
            f'name its region or country too: "{name}, …".'
        ) from None
    return number
