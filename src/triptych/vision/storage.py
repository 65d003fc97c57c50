"""A classifier in a folder: JSON and NumPy arrays, no pickle; equal classifiers, equal bytes."""

import json
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from triptych.vision.classifier import Member, NetworkMember, PhotoClassifier
from triptych.vision.colour_baseline import ColourClassifier
from triptych.vision.config import NetworkSettings
from triptych.vision.errors import StoredClassifierError

FILE = "classifier.json"
_FORMAT = 1
_RENAMED = {  # names of version 0.1
    "pixels": "image_size", "tuned_epochs": "fine_tune_epochs", "smoothing": "label_smoothing",
    "tuned_learning_rate": "fine_tune_learning_rate", "batch": "batch_size", "turns": "tta_views",
}  # fmt: skip


def save_classifier(classifier: PhotoClassifier, folder: Path) -> None:
    """Write a classifier into a folder, which is created if necessary."""
    folder.mkdir(parents=True, exist_ok=True)
    members = []
    for number, member in enumerate(classifier.members):
        stored, arrays = _dump(member)
        np.savez(folder / f"member{number}.npz", *arrays)
        members.append(stored)
    stored = {**vars(classifier), "format": _FORMAT, "members": members}
    text = json.dumps(stored, indent=2, sort_keys=True)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def load_classifier(folder: Path) -> PhotoClassifier:
    """Read a classifier.

    Raises:
        StoredClassifierError: the folder holds none, or a damaged one.
    """
    try:
        stored = json.loads((folder / FILE).read_text(encoding="utf-8"), object_hook=_rename)
        del stored["format"]
        members = []
        for number, member in enumerate(stored.pop("members")):
            with np.load(folder / f"member{number}.npz", allow_pickle=False) as arrays:
                members.append(_restore(member, list(arrays.values())))
        return PhotoClassifier(**stored, members=members)
    except (OSError, KeyError, TypeError, ValueError, BadZipFile) as error:
        raise StoredClassifierError(
            f"{folder} holds no readable photo classifier ({type(error).__name__}: {error}). "
            "Name the folder that one was saved in, or train again."
        ) from error


def _rename(stored: dict[str, Any]) -> dict[str, Any]:
    return {_RENAMED.get(name, name): value for name, value in stored.items()}


def _dump(member: Member) -> tuple[dict[str, Any], list[Any]]:
    if isinstance(member, NetworkMember):
        settings = member.settings.model_dump()
        stored = {"kind": "network", "tta_views": member.tta_views, "settings": settings}
        return stored, member.weights
    return {"kind": "colour", "grids": member.grids}, [member.weights, member.bias]


def _restore(stored: dict[str, Any], arrays: list[Any]) -> Member:
    if stored["kind"] == "colour":
        return ColourClassifier([tuple(grid) for grid in stored["grids"]], *arrays)
    return NetworkMember(NetworkSettings(**stored["settings"]), arrays, stored["tta_views"])
