"""The file of locations: read with every rule checked, and added to without losing a comment."""

import re
import shutil
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from triptych.weather.errors import LocationFileError
from triptych.weather.locations import Location

_ITEM = re.compile(r"^( *)- ", re.MULTILINE)


class _UniqueKeyLoader(yaml.SafeLoader):
    """PyYAML silently uses the last of two equal keys; this refuses the second."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for index, key in enumerate(keys):
            if key in keys[:index]:
                line = node.value[index][0].start_mark.line + 1
                raise yaml.YAMLError(f"the key {key!r} stands twice in one entry (line {line})")
        return super().construct_mapping(node, deep=deep)


def load_locations(path: Path) -> list[Location]:
    """Read and check the locations of a YAML file: `locations: [{slug: paris, …}, …]`.

    Raises:
        LocationFileError: the file cannot be read, or an entry breaks a rule. The message names
            the file, the entry, the rule, what was found and what to do.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LocationFileError(f"{path} cannot be read: {error}. Restore the file.") from error
    return _parse(text, path)


def add_location(path: Path, location: Location) -> None:
    """Append a location to the file without changing what is in it; all or nothing.

    Raises:
        LocationFileError: the slug is there already, or the file cannot be read or written.
    """
    known = load_locations(path)
    text = path.read_text(encoding="utf-8")
    if location.slug in {other.slug for other in known}:
        raise LocationFileError(
            f"{path} has a location {location.slug!r} already. Use it as it is, edit its entry, or "
            "add another place under a name of its own: --slug NAME."
        )
    entry = _entry(location, text)
    grown = text + ("" if text.endswith("\n") else "\n") + entry
    try:
        appended = _parse(grown, path) == [*known, location]
    except LocationFileError:
        appended = False
    if not appended:
        raise LocationFileError(
            f"{path} does not end with the list `locations`, so nothing can be appended to it. "
            f"Add this entry to the list by hand:\n{entry}"
        )
    _replace(path, grown)


def _parse(text: str, path: Path) -> list[Location]:
    try:
        content = yaml.load(text, Loader=_UniqueKeyLoader)  # noqa: S506 (a SafeLoader)
    except yaml.YAMLError as error:
        found = " ".join(str(error).split())
        raise LocationFileError(f"{path} is not valid YAML: {found}. Correct it.") from error
    entries = content.get("locations") if isinstance(content, Mapping) else None
    if not isinstance(entries, list) or not entries:
        raise LocationFileError(
            f"{path}: a list of entries named `locations` is needed; found {_shorten(entries)}. "
            "Write `locations:` and below it one `- slug: …` an entry."
        )
    try:
        locations = TypeAdapter(list[Location]).validate_python(entries)
    except ValidationError as error:
        faults = "; ".join(_describe(fault, entries) for fault in error.errors())
        raise LocationFileError(f"{path}, {faults}. Correct the entry.") from error
    first: dict[str, int] = {}
    for number, location in enumerate(locations, 1):
        if first.setdefault(location.slug, number) != number:
            raise LocationFileError(
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


def _entry(location: Location, text: str) -> str:
    """Write an entry, indented as the others of the file."""
    found = _ITEM.search(text)
    indent = found[1] if found else "  "
    block = yaml.safe_dump([location.model_dump()], sort_keys=False, allow_unicode=True)
    return textwrap.indent(block, indent)


def _replace(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        shutil.copymode(path, part)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise LocationFileError(
            f"{path} cannot be written: {error}. Make its folder writable; nothing was changed."
        ) from error


def _shorten(value: Any) -> str:
    return textwrap.shorten(repr(value), 60, placeholder="…")
