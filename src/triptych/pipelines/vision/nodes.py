"""Nodes that validate, select and decode photos."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from triptych.classification.matching import look_up
from triptych.classification.sampling import draw_rows
from triptych.vision.config import CLASSES
from triptych.vision.decoding import DecodedChunk, decode_chunks
from triptych.vision.errors import PhotoSourceError
from triptych.vision.reading import CLASS_FOLDERS, SPLITS, ListPhotos
from triptych.vision.validation import explain_refusal, validate_photos

logger = logging.getLogger(__name__)


def list_photo_files(
    photo_source: ListPhotos, source: str, dataset: str, sample_photos: dict[str, int], seed: int
) -> pd.DataFrame:
    """List the files of the source of photos: reading.RAW_COLUMNS, paths as bytes.

    The name of a file may be of any encoding, and Parquet stores only text of UTF-8.
    """
    files = photo_source(source, dataset, sample_photos, seed)
    return files.assign(path=files["path"].map(os.fsencode))


def check_raw_photos(
    photo_files: pd.DataFrame, max_side: int, duplicate_bits: int, max_rejected_share: float
) -> dict[str, Any]:
    """Reject unusable files, copies, and near-duplicates across splits.

    Returns:
        `checked_photos` (validation.PHOTO_COLUMNS), `rejected_photos` with reasons, and
        `photo_refusal`: why the whole set is refused, or empty.
    """
    files = photo_files.assign(path=photo_files["path"].map(os.fsdecode).map(Path))
    photos, rejected = validate_photos(files, max_side, duplicate_bits)
    logger.info("Photos: %s used, %s rejected", f"{len(photos):,}", f"{len(rejected):,}")
    sizes = photos.groupby("group").size()
    logger.info("Groups of near-duplicates: %s, the largest has %s", len(sizes), sizes.max())
    refusal = explain_refusal(photos, rejected, max_rejected_share)
    return {"checked_photos": photos, "rejected_photos": rejected, "photo_refusal": refusal}


def accept_photos(checked_photos: pd.DataFrame, photo_refusal: str) -> pd.DataFrame:
    """Return the photos, after the list of rejected files has been written.

    Raises:
        PhotoSourceError: too many files are not photos.
    """
    if photo_refusal:
        raise PhotoSourceError(photo_refusal)
    return checked_photos


def summarise_photos(photos: pd.DataFrame) -> pd.DataFrame:
    """Count photos and groups of near-duplicates by split and class.

    Returns:
        split, label, n, share (of the split), groups, largest_group (its photos), machine_labels,
        width and height (medians).
    """
    groups = photos.groupby(["split", "label"], sort=False)
    table = groups.agg(
        n=("item", "size"), groups=("group", "nunique"),
        largest_group=("group", lambda group: int(group.value_counts().max())),
        machine_labels=("origin", lambda origin: int((origin == "pseudo").sum())),
        width=("width", "median"), height=("height", "median"),
    ).reset_index()  # fmt: skip
    table.insert(3, "share", table["n"] / table.groupby("split")["n"].transform("sum"))
    return table


def select_photos(
    photos: pd.DataFrame, phases: list[int], max_photos: int | None, seed: int
) -> pd.DataFrame:
    """Select the classes of all phases, and at most `max_photos` of each class and split.

    A phase with a class of which there is no photo at all is left out.

    Returns:
        Rows of `photos`, with `number`: of the class.

    Raises:
        PhotoSourceError: a class has no photo in a split.
    """
    *fewer, most = sorted(phases)
    if fewer and not photos["label"].isin(CLASSES[fewer[-1] : most]).any():
        logger.warning("No photos of %s: %s classes are left out.", CLASSES[most - 1], most)
        most = fewer[-1]
    classes = CLASSES[:most]
    chosen = photos[photos["label"].isin(classes)]
    found = set(zip(chosen["split"], chosen["label"], strict=True))
    missing = [f"{name} in {split}" for split in SPLITS for name in classes
               if (split, name) not in found]  # fmt: skip
    if missing:
        accepted = {ours: name.capitalize() for name, ours in CLASS_FOLDERS.items()}
        folders = ", ".join(f"{accepted[name]} or {name}" for name in classes)
        raise PhotoSourceError(
            f"The {len(classes)} classes need photos in each of train, valid and test; there are "
            f"none of {', '.join(missing)}. Add them (a folder per class: {folders}), or take "
            "fewer classes with --params vision.phases=3."
        )
    chosen = chosen.assign(number=chosen["label"].map(classes.index).astype("int64"))
    if max_photos is not None:
        groups = chosen.groupby(["split", "label"], sort=False)
        chosen = pd.concat(
            rows.iloc[draw_rows(rows["number"].to_numpy(), max_photos, seed)] for _, rows in groups
        )
    logger.info("Photos of %s classes: %s", len(classes), f"{len(chosen):,}")
    return chosen.reset_index(drop=True)


def decode_photos(
    photo_files: pd.DataFrame, selected_photos: pd.DataFrame, image_size: int, max_side: int
) -> Iterator[DecodedChunk]:
    """Decode the photos at one size, in chunks; Kedro saves each before the next is decoded."""
    paths = photo_paths(photo_files, selected_photos["item"])
    yield from decode_chunks(paths, image_size, max_side)


def photo_paths(photo_files: pd.DataFrame, items: "pd.Series[str]") -> list[Path]:
    """The files of some photos."""
    files = photo_files.set_index("item")["path"]
    return [Path(os.fsdecode(path)) for path in look_up(items, files, "file in the source of photos")]
