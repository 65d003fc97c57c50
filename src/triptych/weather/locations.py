"""Locations: what they are, which a run takes, and the project's and the user's files of them."""

import csv
import difflib
import re
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import pandas as pd
import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

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
    LocationError if a slug is not in the file or belongs to another source, or none is left.
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
    rows = [location.model_dump() for location in locations]
    frame = pd.DataFrame(rows, columns=list(Location.model_fields))
    return frame.rename(columns={"slug": "location"})


class _UniqueKeyLoader(yaml.CSafeLoader):
    """Refuse the second of two equal keys, as OmegaConf does, in a fraction of its time."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        for number, key in enumerate(keys):
            if key in keys[:number]:
                line = node.value[number][0].start_mark.line + 1
                raise yaml.YAMLError(f"duplicate key {key} in one entry (line {line})")
        return super().construct_mapping(node, deep=deep)


def load_locations(path: Path) -> list[Location]:
    """Read the locations of a YAML file, `locations: [{slug: paris, …}, …]`; LocationError if it
    cannot be read, or an entry breaks a rule.
    """
    try:
        content = yaml.load(path.read_text("utf-8"), Loader=_UniqueKeyLoader)  # noqa: S506 (safe)
    except (OSError, UnicodeDecodeError) as error:
        raise LocationError(f"{path} cannot be read: {error}. Restore the file.") from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: an impossible date
        found = " ".join(str(error).split())
        raise LocationError(f"{path} is not valid YAML: {found}. Correct it.") from error
    entries = content.get("locations") if isinstance(content, Mapping) else None
    if not isinstance(entries, list) or not entries:
        raise LocationError(
            f"{path}: a list of entries named `locations` is needed; found {_shorten(entries)}. "
            "Write `locations:` and below it one `- slug: …` an entry."
        )
    return _validate(entries, path)


def load_all(path: Path | str) -> list[Location]:
    """Read the locations of the project's file and of the user's, which go first: an update of the
    project may add a city that the user has already.
    """
    path = Path(path)
    every = {each.slug: each for each in (*load_locations(path), *_load_own(path))}
    return list(every.values())


def user_file(path: Path) -> Path:
    """Return the file of the user's own locations, which git ignores: conf/local/locations.yml."""
    return path.parents[1] / "local" / path.name


def add_locations(path: Path, added: Sequence[Location]) -> list[Location]:
    """Add locations to the user's file, all or nothing; return those that were not there.
    LocationError if a slug names another location, or a file cannot be read or written.
    """
    known = {each.slug: each for each in load_all(path)}
    new: list[Location] = []
    for location in added:
        if location.slug not in known:
            known[location.slug] = location
            new.append(location)
        elif (other := known[location.slug]) != location:
            raise LocationError(
                f"There is a location {location.slug!r} already, another one: {other}. Give this "
                "one a slug of its own (--slug NAME), or remove the other one: "
                f"kedro location remove {location.slug}"
            )
    if new:
        _write(user_file(path), [*_load_own(path), *new])
    return new


def remove_location(path: Path, slug: str) -> None:
    """Remove a location from the user's file, which must have it; what is stored of it stays."""
    own = {location.slug: location for location in _load_own(path)}
    if slug not in own:
        raise LocationError(
            f"{user_file(path)} has no location {slug!r}. It has: {', '.join(own) or 'none'}. "
            f"Locations of {path} are part of the project."
        )
    del own[slug]
    _write(user_file(path), list(own.values()))


def read_csv(path: Path) -> list[Location]:
    """Read locations from a CSV file with the fields of Location; `source` is optional."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [{"source": "open_meteo", **row} for row in csv.DictReader(file)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LocationError(f"{path} cannot be read: {error}. Name a CSV file.") from error
    return _validate(rows, path, strict=False)


def _load_own(path: Path) -> list[Location]:
    return load_locations(user_file(path)) if user_file(path).exists() else []


def _write(path: Path, locations: Sequence[Location]) -> None:
    """Write the user's file, or delete it if no location is left."""
    if not locations:
        path.unlink()
        return
    entries = [location.model_dump() for location in locations]
    text = yaml.safe_dump({"locations": entries}, sort_keys=False, allow_unicode=True)
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(exist_ok=True)
        part.write_text(f"# Written by `kedro location`; comments are not kept.\n{text}", "utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise LocationError(
            f"{path} cannot be written: {error}. Make its folder writable; nothing was changed."
        ) from error


def _validate(entries: list[Any], path: Path, *, strict: bool | None = None) -> list[Location]:
    try:
        locations = TypeAdapter(list[Location]).validate_python(entries, strict=strict)
    except ValidationError as error:
        faults = "; ".join(_describe(fault, entries) for fault in error.errors())
        raise LocationError(f"{path}, {faults}. Correct the entry.") from error
    first: dict[str, int] = {}
    for number, location in enumerate(locations, 1):
        if first.setdefault(location.slug, number) != number:
            raise LocationError(
                f"{path}, entries {first[location.slug]} and {number}: a slug names one location; "
                f"both say {location.slug!r}. Give one of them another slug, or remove it."
            )
    return locations


def _describe(fault: Mapping[str, Any], entries: list[Any]) -> str:
    """Name the entry, the field, the rule and what was found."""
    index, *field = fault["loc"]
    slug = entries[index].get("slug") if isinstance(entries[index], Mapping) else None
    found = "nothing" if fault["type"] == "missing" else _shorten(fault["input"])
    message = fault["msg"].removeprefix("Value error, ")
    where = [f"entry {index + 1} (slug {_shorten(slug)})", *map(str, field)]
    return f"{': '.join(where)}: {message} (found {found})"


def _shorten(value: Any) -> str:
    return textwrap.shorten(repr(value), 60, placeholder="…")
