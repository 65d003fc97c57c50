"""From files to decoded photos of the classes of this phase, in splits that share nothing."""

import logging
from typing import Any

import pandas as pd

from triptych.classification.sampling import draw_rows
from triptych.parameters.vision import VisionParameters
from triptych.vision.errors import PhotoSourceError, PhotosRefusedError
from triptych.vision.listing import ListPhotos
from triptych.vision.pixel_store import PhotoFiles
from triptych.vision.reading import CLASS_FOLDERS, CLASSES, SPLITS
from triptych.vision.validation import PhotoLimits, check_photos, explain_refusal

logger = logging.getLogger(__name__)


def check_raw_photos(
    photo_source: ListPhotos, vision: VisionParameters, seed: int
) -> dict[str, Any]:
    """Leave out what cannot be used, copies, and near-duplicates across splits, and list them.

    Returns:
        `checked_photos` (validation.PHOTO_COLUMNS), `rejected_photos`, with reasons, and
        `photo_refusal`: why the whole set is refused, or empty.
    """
    limits = PhotoLimits(vision.max_side, vision.duplicate_bits, vision.max_rejected_share)
    raw_photos = vision.list_photos(photo_source, seed)
    kept, refused = check_photos(raw_photos.files, limits)
    logger.info("Photos: %s kept, %s left out", f"{len(kept):,}", f"{len(refused):,}")
    refusal = explain_refusal(kept, refused, limits)
    return {"checked_photos": kept, "rejected_photos": refused, "photo_refusal": refusal}


def accept_photos(checked_photos: pd.DataFrame, photo_refusal: str) -> pd.DataFrame:
    """Hand the photos on; by now the list of rejected files is written, whatever comes.

    Raises:
        PhotosRefusedError: too many files are no photos.
    """
    if photo_refusal:
        raise PhotosRefusedError(photo_refusal)
    return checked_photos


def summarise_photos(photos: pd.DataFrame) -> pd.DataFrame:
    """Count photos and groups of near-duplicates by split and class.

    Returns:
        split, label, n, share (of the split), groups, machine_labels, width and height (medians).
    """
    groups = photos.groupby(["split", "label"], sort=False)
    table = groups.agg(
        n=("item", "size"), groups=("group", "nunique"),
        machine_labels=("origin", lambda origin: int((origin == "pseudo").sum())),
        width=("width", "median"), height=("height", "median"),
    ).reset_index()  # fmt: skip
    table.insert(3, "share", table["n"] / table.groupby("split")["n"].transform("sum"))
    return table


def select_photos(photos: pd.DataFrame, vision: VisionParameters, seed: int) -> pd.DataFrame:
    """Take the classes of this phase, and as many photos of each as are asked for.

    Returns:
        Rows of `photos`, with `number`: of the class.

    Raises:
        PhotoSourceError: a class has no photo in a split.
    """
    classes = CLASSES[: vision.classes]
    chosen = photos[photos["label"].isin(classes)]
    _require(chosen, classes)
    numbers = chosen["label"].map({name: number for number, name in enumerate(classes)})
    chosen = chosen.assign(number=numbers.astype("int64"))
    if vision.max_photos is not None:
        few = [
            rows.iloc[draw_rows(rows["number"].to_numpy(), vision.max_photos, seed)]
            for _, rows in chosen.groupby(["split", "label"], sort=False)
        ]
        chosen = pd.concat(few)
    logger.info("Photos of %s classes: %s", len(classes), f"{len(chosen):,}")
    return chosen.reset_index(drop=True)


def decode_photos(
    photo_source: ListPhotos, selected_photos: pd.DataFrame, vision: VisionParameters, seed: int
) -> PhotoFiles:
    """Name the photos that are to be decoded at one size; the catalog does it, some at a time."""
    paths = vision.list_photos(photo_source, seed).paths(selected_photos["item"])
    return PhotoFiles(paths, vision.pixels, vision.max_side)


def _require(chosen: pd.DataFrame, classes: tuple[str, ...]) -> None:
    there = set(zip(chosen["split"], chosen["label"], strict=True))
    lacking = [
        (split, label) for split in SPLITS for label in classes if (split, label) not in there
    ]
    if lacking:
        theirs = {ours: name.capitalize() for name, ours in CLASS_FOLDERS.items()}
        told = ", ".join(f"{label} in {split}" for split, label in lacking)
        folders = ", ".join(f"{theirs[label]} or {label}" for label in classes)
        raise PhotoSourceError(
            f"The {len(classes)} classes need photos in each of train, valid and test; there are "
            f"none of {told}. Add them (a folder a class: {folders}), or take fewer classes with "
            "--params vision.classes=3."
        )
