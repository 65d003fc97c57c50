"""Places whose weather is known: what a location is, and which of them a run takes."""

import difflib
import re
from collections.abc import Sequence
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import pandas as pd
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from triptych.classification.sources import listed
from triptych.weather.errors import LocationError

SourceKind = Literal["sample", "open_meteo"]

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ENVIRONMENTS = {"sample": "base", "open_meteo": "live"}
_LISTED = 20  # a message stays readable with ten thousand locations


def _check_slug(value: str) -> str:
    if not _SLUG.fullmatch(value):
        raise ValueError("a slug has lower-case letters a-z, digits and single hyphens only")
    return value


def _check_timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("not an IANA time zone such as Europe/Paris or UTC") from error
    return value


class Location(BaseModel):
    """A place: degrees north and east, metres above the sea, IANA time zone, who serves it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    slug: Annotated[str, Field(max_length=64), AfterValidator(_check_slug)]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    elevation: Annotated[float, Field(ge=-500, le=9000)]
    timezone: Annotated[str, Field(max_length=64), AfterValidator(_check_timezone)]
    source: SourceKind


def select_locations(
    locations: Sequence[Location], wanted: str | None, source: SourceKind
) -> list[Location]:
    """Pick the locations of a run: those of `wanted` ("paris;brest"), or all of the source.

    Raises:
        LocationError: a slug is not in the file or belongs to another source, or none is left.
    """
    slugs = list(dict.fromkeys(part.strip() for part in (wanted or "").split(";") if part.strip()))
    served = [location for location in locations if location.source == source]
    if not slugs:
        if not served:
            raise LocationError(
                f"No location has the source {source}, so there is nothing to do. "
                'Add one with `kedro location add "Name"`.'
            )
        return served
    by_slug = {location.slug: location for location in locations}
    for slug in slugs:
        if slug not in by_slug:
            close = difflib.get_close_matches(slug.lower(), by_slug, n=3)
            meant = f" Did you mean {' or '.join(close)}?" if close else ""
            raise LocationError(
                f"Location {slug!r} is not in the file of locations.{meant} There are: "
                f'{listed(by_slug, _LISTED)}. To add one: `kedro location add "Name"`.'
            )
        if by_slug[slug].source != source:
            raise LocationError(
                f"Location {slug!r} is served by {by_slug[slug].source}, but this run uses "
                f"{source}. Run it with `--env {_ENVIRONMENTS[by_slug[slug].source]}`."
            )
    return [by_slug[slug] for slug in slugs]


def locations_frame(locations: Sequence[Location]) -> pd.DataFrame:
    """Tabulate locations: location, name, latitude, longitude, elevation, timezone, source."""
    columns = ["slug", *(name for name in Location.model_fields if name != "slug")]
    rows = [location.model_dump() for location in locations]
    return pd.DataFrame(rows, columns=columns).rename(columns={"slug": "location"})
