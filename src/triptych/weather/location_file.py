"""The file of locations: read with every rule checked, and added to without losing a comment."""

import os
import re
import tempfile
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from triptych.weather.errors import LocationFileError
from triptych.weather.locations import Location

_ITEM = re.compile(r"^( *)- ", re.MULTILINE)


class _UniqueKeyLoader(yaml.SafeLoader):
    """PyYAML keeps the last of two equal keys without a word; this refuses the second."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for index, key in enumerate(keys):
            if key in keys[:index]:
                line = node.value[index][0].start_mark.line + 1
                raise yaml.YAMLError(f"the key {key!r} stands twice in one entry (line {line})")
        return super().construct_mapping(node, deep=deep)


def load_locations(source: Path | Mapping[str, Any]) -> list[Location]:
    """Read and check the locations.

    Args:
        source: a YAML file, or what it holds: `{"locations": [{"slug": "paris", …}, …]}`.

    Raises:
        LocationFileError: the file cannot be read, or an entry breaks a rule. The message names
            the file, the entry, the rule, what was found and what to do.
    """
    if isinstance(source, Mapping):
        return _check(source, "The locations")
    try:
        text = source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LocationFileError(f"{source} cannot be read: {error}. Restore the file.") from error
    return _parse(text, str(source))


def add_location(path: Path, location: Location) -> None:
    """Append a location to the file, keeping all that is in it; all or nothing.

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
    grown = text + ("" if text.endswith("\n") else "\n") + _entry(location, text)
    if _parse_or_nothing(grown) != [*known, location]:
        raise LocationFileError(
            f"{path} does not end with the list `locations`, so nothing can be appended to it. "
            f"Add this entry to the list by hand:\n{_entry(location, text)}"
        )
    _replace(path, grown)


def _parse(text: str, where: str) -> list[Location]:
    try:
        content = yaml.load(text, Loader=_UniqueKeyLoader)  # noqa: S506 (a SafeLoader)
    except yaml.YAMLError as error:
        found = " ".join(str(error).split())
        raise LocationFileError(f"{where} is not valid YAML: {found}. Correct it.") from error
    return _check(content, where)


def _parse_or_nothing(text: str) -> list[Location]:
    try:
        return _parse(text, "")
    except LocationFileError:
        return []


def _check(content: Any, where: str) -> list[Location]:
    entries = content.get("locations") if isinstance(content, Mapping) else None
    if not isinstance(entries, list) or not entries:
        raise LocationFileError(
            f"{where}: a list of entries named `locations` is needed; found {_shorten(entries)}. "
            "Write `locations:` and below it one `- slug: …` an entry."
        )
    locations = [_location(entry, number, where) for number, entry in enumerate(entries, 1)]
    first: dict[str, int] = {}
    for number, location in enumerate(locations, 1):
        if location.slug in first:
            raise LocationFileError(
                f"{where}, entries {first[location.slug]} and {number}: a slug names one location; "
                f"both say {location.slug!r}. Give one of them another slug, or remove it."
            )
        first[location.slug] = number
    return locations


def _location(entry: Any, number: int, where: str) -> Location:
    if not isinstance(entry, Mapping):
        raise LocationFileError(
            f"{where}, entry {number}: an entry has the fields {', '.join(Location.model_fields)}; "
            f"found {_shorten(entry)}. Write them one a line."
        )
    try:
        return Location.model_validate(dict(entry))
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg'].removeprefix('Value error, ')} "
            f"(found {'nothing' if fault['type'] == 'missing' else _shorten(fault['input'])})"
            for fault in error.errors()
        )
        slug = _shorten(entry.get("slug"))
        raise LocationFileError(
            f"{where}, entry {number} (slug {slug}): {faults}. Correct the entry."
        ) from error


def _entry(location: Location, text: str) -> str:
    """Write an entry as the file's others are indented."""
    found = _ITEM.search(text)
    indent = found[1] if found else "  "
    block = yaml.safe_dump(location.model_dump(), sort_keys=False, allow_unicode=True)
    lines = block.splitlines()
    return "".join(f"{indent}{'- ' if i == 0 else '  '}{line}\n" for i, line in enumerate(lines))


def _replace(path: Path, text: str) -> None:
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).chmod(path.stat().st_mode)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink()
            raise
    except OSError as error:
        raise LocationFileError(
            f"{path} cannot be written: {error}. Make its folder writable; nothing was changed."
        ) from error


def _shorten(value: Any) -> str:
    return textwrap.shorten(repr(value), 60, placeholder="…")
