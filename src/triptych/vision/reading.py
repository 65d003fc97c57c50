"""Photos as they are published: a folder a split, in it a folder a class; strays are named."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from triptych.vision.errors import PhotoSourceError
from triptych.vision.photo import SUFFIXES

CLASSES = ("ground", "corn", "weeds", "corn_weeds")
SPLITS = ("train", "valid", "test")
# Folder names, in lower case: those of the Kaggle set (Portuguese), and ours.
CLASS_FOLDERS = {"chao": "ground", "milho": "corn", "ervas": "weeds", "milho_ervas": "corn_weeds"}
SPLIT_FOLDERS = {"treino": "train", "valid": "valid", "teste": "test"}
RAW_COLUMNS = ("item", "split", "label", "group", "origin", "fault")
MANIFEST = "manifest.csv"
_DEPTH = 3  # the set may lie a few folders further down, as an archive unpacks it
_GET = (
    "Download the Kaggle set `labeled corn dataset`, unpack it in the folder `images` below "
    "TRIPTYCH_REAL_DATA, or run without --env live to take the embedded sample."
)


def find_root(folder: Path) -> Path:
    """Find where the folders of the splits lie: here, or a little further down.

    Raises:
        PhotoSourceError: there is no such folder, or no split in it.
    """
    if not folder.is_dir():
        raise PhotoSourceError(f"There is no folder of photos {folder}. {_GET}")
    level = [folder]
    for _ in range(_DEPTH):
        for root in level:
            if any(_split(path) == "train" for path in _folders(root)):
                return root
        level = [inner for root in level for inner in _folders(root)]
    found = ", ".join(sorted(path.name for path in folder.iterdir())[:10]) or "nothing"
    raise PhotoSourceError(
        f"The folder {folder} holds no photos: it needs the folders Treino, Valid and Teste (or "
        f"train, valid, test), each with a folder a class, and has {found}. {_GET}"
    )


def list_photos(root: Path) -> pd.DataFrame:
    """List every file below `root`, in order of its path; nothing is opened.

    Returns:
        RAW_COLUMNS: `item` is the path inside the folder; `split` one of SPLITS and `label` one of
        CLASSES, or empty; `group` and `origin` (of the label) stand in manifest.csv, if there is
        one; `fault` says why a file cannot be a photo of a class, and is empty for the others.
    """
    files = sorted(path for path in root.rglob("*") if path.is_file() and path.name != MANIFEST)
    rows = [(path.relative_to(root).as_posix(), *_place(path.relative_to(root))) for path in files]
    table = pd.DataFrame(rows, columns=["item", "split", "label", "fault"])
    known = _manifest(root / MANIFEST)
    table = table.merge(known, on="item", how="left", validate="one_to_one")
    table["group"] = table["group"].fillna("")
    table["origin"] = table["origin"].fillna("unknown")
    return table[list(RAW_COLUMNS)]


def _place(path: Path) -> tuple[str, str, str]:
    """Split, class and fault of a file, by the folders it lies in."""
    parts = path.parts
    split = _named(parts[0], SPLIT_FOLDERS, SPLITS) if len(parts) > 1 else ""
    label = _named(parts[1], CLASS_FOLDERS, CLASSES) if len(parts) > 2 else ""  # noqa: PLR2004
    if not split or not label or len(parts) > 3:  # noqa: PLR2004
        return split, label, "lies in no folder of a class"
    if path.suffix.lower() not in SUFFIXES:
        return split, label, "is not named .jpg, .jpeg or .png"
    return split, label, ""


def _named(folder: str, theirs: dict[str, str], ours: tuple[str, ...]) -> str:
    name = folder.lower()
    return theirs.get(name, name if name in ours else "")


def _split(path: Path) -> str:
    return _named(path.name, SPLIT_FOLDERS, SPLITS)


def _folders(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.iterdir()) if path.is_dir())


def _manifest(file: Path) -> pd.DataFrame:
    """Near-duplicate group and origin of the label of each photo, where a manifest names them."""
    if not file.is_file():
        return pd.DataFrame({"item": [], "group": [], "origin": []}, dtype="str")
    table = pd.read_csv(file, dtype=str)
    needed = {"file": "item", "group": "group", "label_origin": "origin"}
    lacking = [name for name in needed if name not in table]
    if lacking or table["file"].duplicated().any():
        raise PhotoSourceError(
            f"{file} needs the columns {', '.join(needed)} and one row a photo; "
            f"{', '.join(lacking) + ' is missing' if lacking else 'a photo stands twice'}. "
            "Correct it, or take it away."
        )
    return table.rename(columns=needed)[list(needed.values())]
