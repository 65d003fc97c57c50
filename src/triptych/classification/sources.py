"""Published data sets as users have them: nested folders, odd names, a few unusable items."""

import math
from collections.abc import Callable, Iterable
from pathlib import Path

_NO_DATA = "__MACOSX"  # what macOS adds to an archive


def storable(text: str) -> str:
    r"""Write surrogates as escapes (`\udce9`): no file, table or terminal can hold them.

    They represent bytes of a file name that are not UTF-8, or are half of a pair in JSON.
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def listed(names: Iterable[str], most: int = 10) -> str:
    """Names in a message, the first of many."""
    every = sorted(storable(name) for name in names)
    more = f" and {len(every) - most:,} more" if len(every) > most else ""
    return (", ".join(every[:most]) or "nothing") + more


def subfolders(folder: Path) -> list[Path]:
    """The folders in a folder, links to folders too; neither hidden ones nor those of macOS."""
    return [
        path for path in sorted(folder.iterdir())
        if path.is_dir() and not path.name.startswith(".") and path.name != _NO_DATA
    ]  # fmt: skip


def nearest_folders(folder: Path, suits: Callable[[Path], bool], depth: int) -> list[Path]:
    """Find the folders that suit, on the first level that has any: `folder`, or `depth` below.

    They are sorted; one that several links lead to is listed once.
    """
    level = [folder]
    for _ in range(depth + 1):
        if found := [path for path in level if suits(path)]:
            return found
        inner = [path for outer in level for path in subfolders(outer)]
        level = sorted({path.resolve(): path for path in reversed(inner)}.values())
    return []


def explain_excess(rejected: int, total: int, share: float) -> str:
    """Say that more was rejected than a share allows, in counts: percentages are rounded.

    Returns `51 of 1,000 rejected (5.10 %), at most 50 allowed`; empty otherwise.
    """
    allowed = math.floor(share * total + 1e-9)  # 0.29 * 100 is a little less than 29
    if rejected <= allowed:
        return ""
    percentage = 100 * rejected / total
    return f"{rejected:,} of {total:,} rejected ({percentage:.2f} %), at most {allowed:,} allowed"
