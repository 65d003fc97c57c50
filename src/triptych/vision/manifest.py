"""The manifest of a set of photos: near-duplicate groups and origins of labels, joined to files."""

import logging
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from triptych.classification.sources import storable
from triptych.vision.errors import PhotoSourceError

logger = logging.getLogger(__name__)

MANIFEST = "manifest.csv"
NO_MANIFEST, UNLISTED = "unknown", "unlisted"  # origins of labels without a row in the manifest
_COLUMNS = {"file": "item", "group": "group", "label_origin": "origin"}


def add_manifest(
    photos: pd.DataFrame, file: Path, key: Callable[[str], tuple[str, ...]]
) -> pd.DataFrame:
    """Add `group` and `origin` of each photo; rows without a file are appended, with a fault.

    Args:
        photos: item, path, split, label, fault.
        file: the manifest, if there is one.
        key: of the name of a photo, to match rows and files.

    Raises:
        PhotoSourceError: the manifest is unreadable, has a photo twice, or matches no photo.
    """
    if not file.is_file():
        return photos.assign(group="", origin=NO_MANIFEST)
    known = _read(file, key)
    names = (path.relative_to(file.parent).as_posix() for path in photos["path"])
    keys = pd.Index([key(name) for name in names], tupleize_cols=False)
    found = known.reindex(keys)
    without_row = ~keys.isin(known.index)
    missing = known[~known.index.isin(keys)]
    if len(missing) == len(known):
        first = known["item"].iloc[0] if len(known) else "no row at all"
        raise PhotoSourceError(
            f"{storable(str(file))} has {len(known):,} rows, and none names a photo of this "
            f"folder; the first is {first}. Write paths as split/class/name, or remove it."
        )
    unlisted = photos[without_row & (photos["fault"] == "").to_numpy()]
    for rows, problem in ((missing, "rows name no file"), (unlisted, "photos have no row")):
        if len(rows):
            first = rows["item"].iloc[0]
            logger.warning("%s: %s %s, the first: %s", MANIFEST, f"{len(rows):,}", problem, first)
    photos = photos.assign(
        group=found["group"].fillna("").to_numpy(),
        origin=found["origin"].fillna(NO_MANIFEST).mask(without_row, UNLISTED).to_numpy(),
    )
    missing = missing.fillna("").assign(
        path=[file.parent / item for item in missing["item"]],
        split="", label="", fault=f"is in {MANIFEST}, but there is no such file",
    )  # fmt: skip
    return pd.concat([photos, missing], ignore_index=True)


def _read(file: Path, key: Callable[[str], tuple[str, ...]]) -> pd.DataFrame:
    """Item, group and origin by key."""
    shown = storable(str(file))
    try:
        table = pd.read_csv(file, dtype=str)
    except ValueError as error:  # not UTF-8, not CSV, or empty
        raise PhotoSourceError(
            f"{shown} is no CSV file in UTF-8: {error}. Correct it, or remove it."
        ) from error
    lacking = [name for name in _COLUMNS if name not in table]
    if lacking or table["file"].isna().any():
        raise PhotoSourceError(
            f"{shown} needs the columns {', '.join(_COLUMNS)}, and a file in each row; "
            f"{', '.join(lacking) or 'a file'} is missing. Correct it, or remove it."
        )
    table = table.rename(columns=_COLUMNS)[list(_COLUMNS.values())]
    table.index = pd.Index([key(item) for item in table["item"]], tupleize_cols=False)
    if (twice := table.index.duplicated()).any():
        raise PhotoSourceError(
            f"{shown} names {table['item'][twice].iloc[0]} twice. Keep one row per photo."
        )
    return table
