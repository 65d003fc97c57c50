"""The manifest of a set of photos: near-duplicate groups and origins of labels, joined to files."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from triptych.classification.sources import storable
from triptych.vision.errors import PhotoSourceError

logger = logging.getLogger(__name__)

MANIFEST = "manifest.csv"
NO_MANIFEST, UNLISTED = "unknown", "unlisted"  # origins of labels that no row of it names
_COLUMNS = {"file": "item", "group": "group", "label_origin": "origin"}
_NO_FILE = f"stands in {MANIFEST}, and there is no such file"


def add_manifest(
    photos: pd.DataFrame, file: Path, key: Callable[[str], tuple[str, ...]]
) -> pd.DataFrame:
    """Add `group` and `origin` of each photo; rows that name no file are appended, with a fault.

    Args:
        photos: item, path, split, label, fault.
        file: the manifest; without it, groups are empty and origins unknown.
        key: by which a row and a file are matched.

    Raises:
        PhotoSourceError: the manifest cannot be read, names a photo twice, or names none of them.
    """
    if not file.is_file():
        return photos.assign(group="", origin=NO_MANIFEST)
    known = _read(file, key)
    names = (path.relative_to(file.parent).as_posix() for path in photos["path"])
    keys = pd.Index([key(name) for name in names], tupleize_cols=False)
    found = known.reindex(keys)
    without_row = ~keys.isin(known.index)
    lost = known[~known.index.isin(keys)]
    _report(file, known, lost, photos[without_row & (photos["fault"] == "").to_numpy()])
    photos = photos.assign(
        group=found["group"].fillna("").to_numpy(),
        origin=found["origin"].fillna(NO_MANIFEST).mask(without_row, UNLISTED).to_numpy(),
    )
    missing = lost.fillna("").assign(split="", label="", fault=_NO_FILE)
    missing["path"] = [file.parent / item for item in lost["item"]]
    return pd.concat([photos, missing], ignore_index=True)


def _read(file: Path, key: Callable[[str], tuple[str, ...]]) -> pd.DataFrame:
    """Item, group and origin by key."""
    shown = storable(str(file))
    try:
        table = pd.read_csv(file, dtype=str)
    except ValueError as error:  # not UTF-8, not CSV, or empty
        raise PhotoSourceError(
            f"{shown} is no CSV file in UTF-8: {error}. Correct it, or take it away."
        ) from error
    lacking = [name for name in _COLUMNS if name not in table]
    if lacking or table["file"].isna().any():
        raise PhotoSourceError(
            f"{shown} needs the columns {', '.join(_COLUMNS)}, and a file in each row; "
            f"{', '.join(lacking) or 'a file'} is missing. Correct it, or take it away."
        )
    table = table.rename(columns=_COLUMNS)[list(_COLUMNS.values())]
    table.index = pd.Index([key(item) for item in table["item"]], tupleize_cols=False)
    if (twice := table.index.duplicated()).any():
        raise PhotoSourceError(
            f"{shown} names {table['item'][twice].iloc[0]} twice. Leave one row a photo."
        )
    return table


def _report(file: Path, known: pd.DataFrame, lost: pd.DataFrame, unlisted: pd.DataFrame) -> None:
    """Count what found no counterpart.

    Raises:
        PhotoSourceError: no row of the manifest names a file.
    """
    if len(lost) == len(known):
        first: Any = known["item"].iloc[0] if len(known) else "no row at all"
        raise PhotoSourceError(
            f"{storable(str(file))} has {len(known):,} rows, and none names a photo of this "
            f"folder; the first is {first}. Write paths as split/class/name, or take it away."
        )
    for rows, told in ((lost, "rows name no file"), (unlisted, "photos have no row")):
        if len(rows):
            logger.warning(
                "%s: %s %s, the first: %s", MANIFEST, f"{len(rows):,}", told, rows["item"].iloc[0]
            )
