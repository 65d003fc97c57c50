"""Nodes that validate, select and decode photos."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from triptych.classification.sampling import draw_rows
from triptych.vision.config import CLASSES
from triptych.vision.decoding import DecodedChunk, decode_chunks
from triptych.vision.errors import PhotoSourceError
from triptych.vision.reading import CLASS_FOLDERS, SPLITS, ListPhotos
from triptych.vision.validation import explain_refusal, validate_photos

logger = logging.getLogger(__name__)


def check_raw_photos(
    photo_source: ListPhotos,
    source: str,
    dataset: str,
    sample_photos: dict[str, int],
    max_side: int,
    duplicate_bits: int,
    max_rejected_share: float,
    seed: int,
) -> dict[str, Any]:
    """Reject unusable files, copies, and near-duplicates across splits.

    Returns `checked_photos` (validation.PHOTO_COLUMNS), `rejected_photos` with reasons, and
    `photo_refusal`: why the whole set is refused, or empty.
    """
    files = photo_source(source, dataset, sample_photos, seed)
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

    Returns split, label, n, share (of the split), groups, largest_group (its photos),
    machine_labels, width and height (medians).
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
) -> dict[str, Any]:
    """Select the classes of all phases, and at most `max_photos` of each class and split.

    A phase with a class of which there is no photo at all is left out.

    Returns:
        `selected_photos`: rows of `photos`, with `number`: of the class; `photo_phases`, without
        those that are left out.

    Raises:
        PhotoSourceError: a class has no photo in a split.
    """
    phases = sorted(phases)
    if len(phases) > 1 and not photos["label"].isin(CLASSES[phases[-2] : phases[-1]]).any():
        *phases, absent = phases
        logger.warning("No photos of %s: %s classes are left out.", CLASSES[absent - 1], absent)
    classes = CLASSES[: phases[-1]]
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
    return {"selected_photos": chosen.reset_index(drop=True), "photo_phases": phases}


def decode_photos(
    selected_photos: pd.DataFrame, image_size: int, max_side: int
) -> Iterator[DecodedChunk]:
    """Decode the photos at one size, in chunks; Kedro saves each before the next is decoded."""
    yield from decode_chunks(photo_paths(selected_photos), image_size, max_side)


def photo_paths(photos: pd.DataFrame) -> list[Path]:
    """The files of some photos."""
    return [Path(os.fsdecode(path)) for path in photos["path"]]
