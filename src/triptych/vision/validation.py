"""Which photos may be used: what is left out is listed with its reason, and nothing is lost."""

import hashlib
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from triptych.classification.sources import explain_excess, storable
from triptych.vision.decoding import open_photo, pillow_unwarned
from triptych.vision.duplicates import group_photos, perceptual_hash, straddling
from triptych.vision.errors import BadPhotoError, VisionError
from triptych.vision.reading import SPLITS

logger = logging.getLogger(__name__)

PHOTO_COLUMNS = ("item", "split", "label", "group", "origin", "width", "height", "sha256")
REJECTED_COLUMNS = ("item", "split", "label", "reason", "duplicate")
_TOLD_EVERY = 5_000


@dataclass(frozen=True)
class PhotoLimits:
    """What a photo may be, and how many may not.

    Attributes:
        max_side: pixels; a larger photo is not opened.
        duplicate_bits: photos whose perceptual hashes differ in at most as many show the same.
        max_rejected_share: of the files of one split that are no photo; beyond, the set is not
            what was meant. Duplicates do not count: they are photos.
    """

    max_side: int
    duplicate_bits: int
    max_rejected_share: float


def check_photos(raw: pd.DataFrame, limits: PhotoLimits) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Part the photos that may be used from those that may not.

    Of photos with the same bytes the first stays; if they stand in two splits, it stays in the one
    that is judged (test before valid before train); if their labels differ, none stays. A group of
    near-duplicates stays in one split, by the same order.

    Args:
        raw: reading.RAW_COLUMNS.

    Returns:
        The photos PHOTO_COLUMNS, in order of their split and item, and the others
        REJECTED_COLUMNS; `duplicate` tells photos of what is shown elsewhere from files that
        cannot be used.
    """
    looked = _look(raw, limits.max_side)
    good = looked[looked["reason"] == ""]
    rank = good["split"].map({name: place for place, name in enumerate(reversed(SPLITS))})
    good = good.assign(rank=rank).sort_values(["rank", "item"])
    good = good.assign(reason=_same_bytes(good), duplicate=True)
    single = good[good["reason"] == ""]
    hashes = np.array(single["hash"].tolist(), dtype=np.uint64)
    first = group_photos(hashes, single["group"].tolist(), limits.duplicate_bits)
    single = single.assign(group=single["item"].to_numpy()[first], reason=_across(single, first))
    kept = single[single["reason"] == ""].sort_values(["rank", "item"], ascending=[False, True])
    if torn := straddling(kept):
        raise VisionError(f"Near-duplicates stand in two splits: {', '.join(torn[:5])}.")
    parts = (looked.assign(duplicate=False), good, single)
    refused = pd.concat([part[part["reason"] != ""] for part in parts])
    return (
        kept[list(PHOTO_COLUMNS)].reset_index(drop=True),
        refused.sort_values("item")[list(REJECTED_COLUMNS)].reset_index(drop=True),
    )


def explain_refusal(kept: pd.DataFrame, refused: pd.DataFrame, limits: PhotoLimits) -> str:
    """Say why the photos as a whole are not used: too many files of a split cannot be.

    Args:
        kept, refused: of check_photos.

    Returns:
        The first reason, empty if there is none.
    """
    faulty = refused[~refused["duplicate"].astype(bool)]
    for split in SPLITS:
        reasons = faulty.loc[faulty["split"] == split, "reason"]
        total = int((kept["split"] == split).sum() + (refused["split"] == split).sum())
        if excess := explain_excess(len(reasons), total, limits.max_rejected_share):
            counts = reasons.value_counts().head()
            told = "; ".join(f"{count:,} × {reason}" for reason, count in counts.items())
            return (
                f"Files of the split {split}: {excess}: {told}. rejected_photos.csv lists them "
                "all. Correct the folder, or raise vision.max_rejected_share."
            )
    return ""


def _look(raw: pd.DataFrame, max_side: int) -> pd.DataFrame:
    """Open every file once: with its size, its digest and its hash, or the reason against it."""

    def look(path: Path, fault: str) -> tuple[Any, ...]:
        if fault:
            return fault, 0, 0, "", 0
        try:
            image = open_photo(path, max_side)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            return "", image.width, image.height, digest, perceptual_hash(image)
        except (BadPhotoError, OSError) as error:
            return storable(str(error)), 0, 0, "", 0

    rows = []
    with pillow_unwarned(), ThreadPoolExecutor() as pool:  # Pillow decodes outside of Python's lock
        for row in pool.map(look, raw["path"], raw["fault"]):
            rows.append(row)
            if len(rows) % _TOLD_EVERY == 0:
                logger.info("Photos opened: %s of %s", f"{len(rows):,}", f"{len(raw):,}")
    names = ["reason", "width", "height", "sha256", "hash"]
    return pd.concat([raw.reset_index(drop=True), pd.DataFrame(rows, columns=names)], axis=1)


def _same_bytes(good: pd.DataFrame) -> pd.Series:
    """Reasons against copies of a file; `good` has what stays first."""
    groups = good.groupby("sha256")
    first = groups["item"].transform("first")
    reasons = pd.Series("", index=good.index)
    reasons = reasons.mask(groups.cumcount() > 0, "the same file as " + first)
    return reasons.mask(groups["label"].transform("nunique") > 1, "the same file in two classes")


def _across(single: pd.DataFrame, first: Any) -> pd.Series:
    """Reasons against near-duplicates of photos of another split, which is judged."""
    splits = pd.Series(single["split"].to_numpy()[first], index=single.index)
    items = pd.Series(single["item"].to_numpy()[first], index=single.index)
    return pd.Series("", index=single.index).mask(
        single["split"] != splits, "nearly the same as " + items
    )
