"""A classifier in a folder: JSON and NumPy arrays, no pickle; the same one gives the same bytes."""

import json
from dataclasses import asdict
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


def save_classifier(classifier: PhotoClassifier, folder: Path) -> None:
    """Write a classifier into a folder, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    members = []
    for number, member in enumerate(classifier.members):
        about, arrays = _apart(member)
        np.savez(folder / f"member{number}.npz", *arrays)
        members.append(about)
    about = {
        "format": _FORMAT, "classes": classifier.classes, "pixels": classifier.pixels,
        "max_side": classifier.max_side, "temperature": classifier.temperature,
        "members": members,
    }  # fmt: skip
    (folder / FILE).write_text(json.dumps(about, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def load_classifier(folder: Path) -> PhotoClassifier:
    """Read a classifier.

    Raises:
        StoredClassifierError: the folder holds none, or one that is damaged.
    """
    try:
        about = json.loads((folder / FILE).read_text(encoding="utf-8"))
        members = [
            _together(part, _arrays(folder / f"member{number}.npz"))
            for number, part in enumerate(about["members"])
        ]
        return PhotoClassifier(
            list(about["classes"]), about["pixels"], about["max_side"], members,
            about["temperature"],
        )  # fmt: skip
    except (OSError, KeyError, TypeError, ValueError, BadZipFile) as error:
        raise StoredClassifierError(
            f"{folder} holds no photo classifier that can be read ({type(error).__name__}: "
            f"{error}). Name the folder that one was saved in, or train again."
        ) from error


def _apart(member: Member) -> tuple[dict[str, Any], list[Any]]:
    if isinstance(member, NetworkMember):
        about = {"kind": "network", "turns": member.turns, "settings": asdict(member.settings)}
        return about, member.weights
    if isinstance(member, ColourClassifier):
        return {"kind": "colour", "grids": member.grids}, [member.weights, member.bias]
    raise TypeError(f"A {type(member).__name__} cannot be stored.")


def _together(about: dict[str, Any], arrays: list[Any]) -> Member:
    if about["kind"] == "colour":
        return ColourClassifier([tuple(grid) for grid in about["grids"]], *arrays)
    settings = {**about["settings"], "filters": tuple(about["settings"]["filters"])}
    return NetworkMember(NetworkSettings(**settings), arrays, about["turns"])


def _arrays(file: Path) -> list[Any]:
    with np.load(file, allow_pickle=False) as stored:
        return [stored[f"arr_{number}"] for number in range(len(stored.files))]
