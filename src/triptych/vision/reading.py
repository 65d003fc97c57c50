"""Photos as they are published: a folder per split, in it a folder per class."""

import logging
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from triptych.classification.sources import listed, nearest_folders, storable, subfolders
from triptych.vision.config import CLASSES
from triptych.vision.decoding import SUFFIXES
from triptych.vision.errors import PhotoSourceError
from triptych.vision.manifest import MANIFEST, add_manifest
from triptych.vision.sample import write_sample

logger = logging.getLogger(__name__)

# Lists the photos of a source, `sample` or `folder`, and a dataset; sizes and seed are those of the
# sample.
ListPhotos = Callable[[str, str, Mapping[str, int], int], pd.DataFrame]
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
_DEPTH = 3  # levels between the folder and the splits, as unpacked from an archive
_ACCEPTED = (
    "Treino, Validação (however its letters are encoded) and Teste, or train, valid (validation, "
    "val) and test, in any case"
)
_GET = (
    "Download the Kaggle set `labeled corn dataset` and unpack it in TRIPTYCH_REAL_DATA, or run "
    "without --env live to take the embedded sample."
)


def list_source(
    source: str,
    dataset: str,
    sizes: Mapping[str, int],
    seed: int,
    *,
    filepath: str,
    folder: str | None,
) -> pd.DataFrame:
    """List the photos of a source: RAW_COLUMNS.

    Args:
        source: `sample` or `folder`.
        dataset: a folder of real data; if there is no such folder, the only set of photos in the
            real data is used.
        sizes, seed: of the sample, which is generated if necessary.
        filepath: folder of the samples.
        folder: real data.

    Raises:
        PhotoSourceError: no folder is named, or it holds no photos.
    """
    if source == "sample":
        return list_photos(write_sample(Path(filepath), sizes, seed))
    if not folder:
        raise PhotoSourceError(
            "No folder of real photos is named. Set TRIPTYCH_REAL_DATA to the folder that holds "
            f"`{dataset}/Treino`, `{dataset}/Valid` and `{dataset}/Teste`, or run with "
            "vision.source=sample (without --env live) to take the embedded sample."
        )
    named = Path(folder) / dataset
    root = find_root(named if named.is_dir() else Path(folder))
    if root != named:
        logger.info("Photos of the dataset %s: %s", dataset, storable(str(root)))
    return list_photos(root)


def find_root(folder: Path) -> Path:
    """Find the folder that holds one folder per split: this one, or one a little below.

    Raises:
        PhotoSourceError: there is none, or several.
    """
    shown = storable(str(folder))
    if not folder.is_dir():
        raise PhotoSourceError(f"There is no folder of photos {shown}. {_GET}")
    for least in (2, 1):  # a set that lacks splits is found too, to say which
        roots = nearest_folders(folder, lambda inner: _count_splits(inner) >= least, _DEPTH)  # noqa: B023
        if roots:
            break
    if not roots:
        found = listed(path.name for path in folder.iterdir())
        raise PhotoSourceError(
            f"The folder {shown} holds no photos: it needs the folders {_ACCEPTED}, each with a "
            f"folder per class, and has {found}. {_GET}"
        )
    if len(roots) > 1:
        raise PhotoSourceError(
            f"The folder {shown} holds several sets of photos: {listed(map(str, roots))}. Name "
            "one of them with --params vision.dataset=FOLDER, or keep only one."
        )
    (root,) = roots
    present = listed(path.name for path in subfolders(root))
    for split, names in _split_folders(root).items():
        if len(names) != 1:
            fault = (
                f"several folders of the split {split}: {listed(names)}. Keep one of them there"
                if names
                else f"no folder of the split {split}. It has {present}. Name them {_ACCEPTED}"
            )
            raise PhotoSourceError(f"{storable(str(root))} has {fault}.")
    return root


def list_photos(root: Path) -> pd.DataFrame:
    """List every file below `root`, in order of its path; only the manifest is opened.

    Returns RAW_COLUMNS: `item` is the path inside the folder, as it can be stored, `path` the file;
    `split` one of SPLITS and `label` one of CLASSES, or empty; `group` and `origin` (of the label)
    come from manifest.csv, if it exists; `fault` says why a file cannot be a photo of a class, or
    is empty. Rows of the manifest without a file are listed too.
    """
    rows = [
        (storable(path.relative_to(root).as_posix()), path, *_classify_file(path, root))
        for path in _walk(root)
        if path != root / MANIFEST
    ]
    table = pd.DataFrame(rows, columns=["item", "path", "split", "label", "fault"])
    return add_manifest(table, root / MANIFEST, match_key)[list(RAW_COLUMNS)]


def match_key(name: str) -> tuple[str, ...]:
    """The key that all spellings of the path of a photo share: split, class and file name.

    Spellings differ in separators, folders above the split, and composed letters.
    """
    parts = [unicodedata.normalize("NFC", part) for part in re.split(r"[\\/]+", name)]
    parts = [part for part in parts if part not in {"", "."}]
    split, label = _folder_names(parts[-3:])
    return (split, label, parts[-1]) if split and label else tuple(parts)


def _classify_file(path: Path, root: Path) -> tuple[str, str, str]:
    """Split, class and fault of a file, by the folders it lies in."""
    parts = path.relative_to(root).parts
    split, label = _folder_names(parts)
    fault = ""
    if not split or not label or len(parts) > 3:  # noqa: PLR2004
        fault = "lies in no folder of a class"
    elif path.suffix.lower() not in SUFFIXES:
        fault = "is not named .jpg, .jpeg or .png"
    elif storable(path.name) != path.name:
        fault = "file name is not UTF-8"
    elif not path.is_file():
        fault = "is no file, or a link to none"
    return split, label, fault


def _folder_names(parts: Sequence[str]) -> tuple[str, str]:
    """The split and the class that the first two of `split/class/file` name; empty if none."""
    split = _split(parts[0]) if len(parts) > 1 else ""
    label = _CLASS_LETTERS.get(_letters(parts[1]), "") if len(parts) > 2 else ""  # noqa: PLR2004
    return split, label


def _split(folder: str) -> str:
    """The split that a folder names. `Validação` in another encoding still begins with `valid`."""
    letters = _letters(folder)
    return "valid" if letters.startswith("valid") else _SPLIT_LETTERS.get(letters, "")


def _letters(name: str) -> str:
    """The ASCII letters of a name, in lower case."""
    return re.sub("[^a-z]", "", unicodedata.normalize("NFKD", name).lower())


def _count_splits(folder: Path) -> int:
    return sum(1 for names in _split_folders(folder).values() if names)


def _split_folders(root: Path) -> dict[str, list[str]]:
    """The names of the folders of each split."""
    names = [path.name for path in subfolders(root)]
    return {split: [name for name in names if _split(name) == split] for split in SPLITS}


def _walk(folder: Path, above: tuple[Path, ...] = ()) -> Iterator[Path]:
    """Every file below a folder, in order. Links are followed; a link to a parent is returned."""
    here = folder.resolve()
    if here in above:
        yield folder
        return
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            yield from _walk(path, (*above, here))
        else:
            yield path
