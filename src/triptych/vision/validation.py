"""Validation of photos: rejected ones are listed with a reason, and none is lost."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from triptych.classification.sources import explain_excess, storable
from triptych.execution.progress import track
from triptych.vision.decoding import no_pillow_warnings, open_photo
from triptych.vision.duplicates import group_photos, sign_photo, straddling
from triptych.vision.errors import BadPhotoError, VisionError
from triptych.vision.reading import SPLITS

PHOTO_COLUMNS = (
    "item", "path", "split", "label", "group", "origin", "width", "height", "sha256",
)  # fmt: skip
REJECTED_COLUMNS = ("item", "split", "label", "reason", "duplicate")


def validate_photos(
    raw: pd.DataFrame, max_side: int, duplicate_bits: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Separate usable photos from rejected ones.

    Of files with the same bytes one is used: that of the test split before valid before train;
    none, if their labels differ. A group of near-duplicates stays in one split, in the same order.

    Args:
        raw: reading.RAW_COLUMNS.
        max_side: larger photos are rejected, in pixels.
        duplicate_bits: near-duplicates have perceptual hashes that differ in at most as many, in
            some orientation.

    Returns:
        The photos, PHOTO_COLUMNS, in order of split and item, with paths as bytes: their names
        may not be UTF-8. The rejected files, REJECTED_COLUMNS; `duplicate` marks photos that are
        shown elsewhere.
    """
    files = _open_all(raw, max_side)
    good = files[files["reason"] == ""]
    rank = good["split"].map(SPLITS[::-1].index)
    good = good.assign(rank=rank).sort_values(["rank", "item"])
    good = good.assign(reason=_find_copies(good), duplicate=True)
    single = good[good["reason"] == ""]
    signatures, named = single["signature"].tolist(), single["group"].tolist()
    first = single.iloc[group_photos(signatures, named, duplicate_bits)]
    item, other = first["item"].to_numpy(), first["split"].to_numpy() != single["split"]
    single = single.assign(group=item, reason=np.where(other, "nearly the same as " + item, ""))
    used = single[single["reason"] == ""].sort_values(["rank", "item"], ascending=[False, True])
    if torn := straddling(used):
        raise VisionError(f"Near-duplicates are in two splits: {', '.join(torn[:5])}.")
    used = used.assign(path=used["path"].map(os.fsencode))
    parts = (files.assign(duplicate=False), good, single)
    rejected = pd.concat([part[part["reason"] != ""] for part in parts])
    return (
        used[list(PHOTO_COLUMNS)].reset_index(drop=True),
        rejected.sort_values("item")[list(REJECTED_COLUMNS)].reset_index(drop=True),
    )


def explain_refusal(photos: pd.DataFrame, rejected: pd.DataFrame, max_share: float) -> str:
    """Why too many files of a split are not photos; empty if there are not. Copies are photos."""
    faulty = rejected[~rejected["duplicate"].astype(bool)]
    for split in SPLITS:
        reasons = faulty.loc[faulty["split"] == split, "reason"]
        total = int((photos["split"] == split).sum() + (rejected["split"] == split).sum())
        if excess := explain_excess(len(reasons), total, max_share):
            counts = reasons.value_counts().head()
            shown = "; ".join(f"{count:,} × {reason}" for reason, count in counts.items())
            return (
                f"Files of the split {split}: {excess}: {shown}. rejected_photos.csv lists them "
                "all. Correct the folder, or raise vision.max_rejected_share."
            )
    return ""


def _open_all(raw: pd.DataFrame, max_side: int) -> pd.DataFrame:
    """Open every file once: add its size, digest and perceptual hash, or the reason against it."""

    def open_one(path: Path, fault: str) -> tuple[Any, ...]:
        if fault:
            return fault, 0, 0, "", None
        try:
            image = open_photo(path, max_side)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            return "", image.width, image.height, digest, sign_photo(image)
        except (BadPhotoError, OSError) as error:
            return storable(str(error)), 0, 0, "", None

    with no_pillow_warnings(), ThreadPoolExecutor() as pool:  # Pillow decodes without the GIL
        opened = pool.map(open_one, raw["path"], raw["fault"])
        rows = list(track(opened, "Opening photos", len(raw)))
    columns = ["reason", "width", "height", "sha256", "signature"]
    return pd.concat([raw.reset_index(drop=True), pd.DataFrame(rows, columns=columns)], axis=1)


def _find_copies(good: pd.DataFrame) -> pd.Series:
    """Reasons against copies of a file; the first row of each file is the one that is used."""
    groups = good.groupby("sha256")
    first = groups["item"].transform("first")
    reasons = ("the same file as " + first).where(groups.cumcount() > 0, "")
    return reasons.mask(groups["label"].transform("nunique") > 1, "the same file in two classes")
