"""Photos as they are published: a folder a split, in it a folder a class; strays are named."""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from triptych.classification.sources import listed, nearest_folders, storable, subfolders
from triptych.vision.decoding import SUFFIXES
from triptych.vision.errors import PhotoSourceError
from triptych.vision.manifest import MANIFEST, add_manifest

CLASSES = ("ground", "corn", "weeds", "corn_weeds")
SPLITS = ("train", "valid", "test")
# Folder names by their letters alone: those of the Kaggle set (Portuguese), and common ones.
CLASS_FOLDERS = {"chao": "ground", "milho": "corn", "ervas": "weeds", "milho_ervas": "corn_weeds"}
_CLASS_LETTERS = {
    name.replace("_", ""): label
    for name, label in {**CLASS_FOLDERS, **{label: label for label in CLASSES}}.items()
}
_SPLIT_LETTERS = {
    "treino": "train", "train": "train", "training": "train", "val": "valid", "teste": "test",
    "test": "test",
}  # fmt: skip
RAW_COLUMNS = ("item", "path", "split", "label", "group", "origin", "fault")
_DEPTH = 3  # the set may lie a few folders further down, as an archive unpacks it
_ACCEPTED = (
    "Treino, Validação (however its letters are encoded) and Teste, or train, valid (validation, "
    "val) and test, in any case"
)
_GET = (
    "Download the Kaggle set `labeled corn dataset`, unpack it in the folder `images` below "
    "TRIPTYCH_REAL_DATA, or run without --env live to take the embedded sample."
)


def find_root(folder: Path) -> Path:
    """Find where the folders of the splits lie: here, or a little further down.

    Raises:
        PhotoSourceError: there is no such folder, no split in it, a split is missing or has two
            folders, or several sets lie side by side.
    """
    shown = storable(str(folder))
    if not folder.is_dir():
        raise PhotoSourceError(f"There is no folder of photos {shown}. {_GET}")
    roots = nearest_folders(folder, lambda inner: bool(_split_folders(inner)), _DEPTH)
    if not roots:
        found = listed(path.name for path in folder.iterdir())
        raise PhotoSourceError(
            f"The folder {shown} holds no photos: it needs the folders {_ACCEPTED}, each with a "
            f"folder a class, and has {found}. {_GET}"
        )
    if len(roots) > 1:
        raise PhotoSourceError(
            f"The folder {shown} holds several sets of photos: {listed(map(str, roots))}. Leave "
            "one there."
        )
    _require_splits(roots[0])
    return roots[0]


def list_photos(root: Path) -> pd.DataFrame:
    """List every file below `root`, in order of its path; nothing but a manifest is opened.

    Returns:
        RAW_COLUMNS: `item` is the path inside the folder, as it can be stored, `path` the file;
        `split` one of SPLITS and `label` one of CLASSES, or empty; `group` and `origin` (of the
        label) stand in manifest.csv, if there is one; `fault` says why a file cannot be a photo of
        a class, and is empty for the others. A row of the manifest without a file is listed too.
    """
    rows = [
        (storable(path.relative_to(root).as_posix()), path, *_place(path, root))
        for path in _walk(root)
        if path != root / MANIFEST
    ]
    table = pd.DataFrame(rows, columns=["item", "path", "split", "label", "fault"])
    return add_manifest(table, root / MANIFEST, match_key)[list(RAW_COLUMNS)]


def match_key(name: str) -> tuple[str, ...]:
    """What two ways to write the path of a photo share: split, class and file name.

    Separators may be those of Windows, folders above the split named or not, and letters composed
    or not. A path that names no split and class is its parts.
    """
    parts = [unicodedata.normalize("NFC", part) for part in re.split(r"[\\/]+", name)]
    parts = [part for part in parts if part not in {"", "."}]
    split, label = _folders_of(parts[-3:])
    return (split, label, parts[-1]) if split and label else tuple(parts)


def _place(path: Path, root: Path) -> tuple[str, str, str]:
    """Split, class and fault of a file, by the folders it lies in."""
    parts = path.relative_to(root).parts
    split, label = _folders_of(parts)
    if not split or not label or len(parts) > 3:  # noqa: PLR2004
        return split, label, "lies in no folder of a class"
    if path.suffix.lower() not in SUFFIXES:
        return split, label, "is not named .jpg, .jpeg or .png"
    if storable(path.name) != path.name:
        return split, label, "file name is not UTF-8"
    if not path.is_file():
        return split, label, "is no file, or a link to none"
    return split, label, ""


def _folders_of(parts: "tuple[str, ...] | list[str]") -> tuple[str, str]:
    """The split and the class that the first two of `split/class/file` name; empty if none."""
    split = _split(parts[0]) if len(parts) > 1 else ""
    label = _CLASS_LETTERS.get(_letters(parts[1]), "") if len(parts) > 2 else ""  # noqa: PLR2004
    return split, label


def _split(folder: str) -> str:
    """`Validação` arrives composed or not, in cp437, or as other letters that stand for its bytes:
    what is left of it begins alike.
    """
    letters = _letters(folder)
    return "valid" if letters.startswith("valid") else _SPLIT_LETTERS.get(letters, "")


def _letters(name: str) -> str:
    """The ASCII letters of a name, in lower case."""
    return re.sub("[^a-z]", "", unicodedata.normalize("NFKD", name).lower())


def _split_folders(root: Path) -> list[tuple[str, str]]:
    """Name and split of each folder that is one of a split."""
    return [(path.name, split) for path in subfolders(root) if (split := _split(path.name))]


def _require_splits(root: Path) -> None:
    folders = _split_folders(root)
    for split in SPLITS:
        names = [name for name, found in folders if found == split]
        if not names:
            raise PhotoSourceError(
                f"{storable(str(root))} has no folder of the split {split}. It has "
                f"{listed(path.name for path in subfolders(root))}. Name the folders {_ACCEPTED}."
            )
        if len(names) > 1:
            raise PhotoSourceError(
                f"{storable(str(root))} has several folders of the split {split}: {listed(names)}. "
                "Leave one of them there."
            )


def _walk(folder: Path, above: tuple[Path, ...] = ()) -> Iterator[Path]:
    """Every file below a folder, in order; linked folders are followed.

    A link to a folder that holds it leads nowhere new: it is given itself.
    """
    here = folder.resolve()
    if here in above:
        yield folder
        return
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            yield from _walk(path, (*above, here))
        else:
            yield path
