"""Reading of published reviews; lines that cannot be read are reported with a fault."""

import codecs
import csv
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from triptych.classification.sources import listed, nearest_folders, storable
from triptych.nlp.errors import ReviewSourceError

SPLITS = ("train", "val", "test")
RAW_COLUMNS = ("split", "line", "review", "polarity", "film", "fault")
# Reads the raw reviews of a source, `sample` or `folder`, and its folder; sizes and seed are for
# the sample.
ReadReviews = Callable[[str, str, Mapping[str, int], int], pd.DataFrame]
_LABEL_NAMES = ("polarity", "label")  # in the author's repository, and on Hugging Face
ACCEPTED = (
    "train, val (valid, validation) and test, each .jsonl, .csv or .parquet, in one file or in "
    "parts such as train-00000-of-00002.parquet"
)
_NAME = re.compile(
    r"(?P<split>train|val|valid|validation|test)(-(?P<part>\d+)-of-(?P<parts>\d+))?"
    r"\.(jsonl|csv|parquet)",
    re.IGNORECASE,
)
_NO_FIELDS = "no fields review and polarity"
_NO_UNICODE = "not valid Unicode: half of a surrogate pair, or a byte that is not UTF-8"
_DEPTH = 2  # subfolders, as in a repository or an archive

Fields = tuple[str, Any, str, str]  # review, polarity, film, fault


def read_reviews(folder: Path) -> pd.DataFrame:
    """Read the splits of a folder (ACCEPTED).

    Returns:
        RAW_COLUMNS: `line` counts lines or rows from 1, through the parts of a split; `polarity` is
        unchecked; `film` is empty where it is unknown; `fault` is empty for lines that could be
        read. Surrogates in texts are escaped.

    Raises:
        ReviewSourceError: the folder or its splits are missing, a split has two files or lacks a
            part, a file is empty or broken, or none of its lines has the two fields.
    """
    shown = storable(str(folder))
    if not folder.is_dir():
        raise ReviewSourceError(
            f"There is no folder of reviews {shown}. TRIPTYCH_REAL_DATA must name the folder that "
            "holds `reviews/train.jsonl` and `reviews/val.jsonl`: correct it."
        )
    roots = nearest_folders(folder, lambda inner: bool(_matches(inner)), _DEPTH)
    if not roots:
        names = listed(path.name for path in folder.iterdir())
        raise ReviewSourceError(
            f"The folder {shown} has no reviews: it must hold {ACCEPTED}; it has {names}. Correct "
            "TRIPTYCH_REAL_DATA, or name the files so."
        )
    if len(roots) > 1:
        raise ReviewSourceError(
            f"The folder {shown} holds several sets of reviews: {listed(map(str, roots))}. Leave "
            "one there."
        )
    frames = [_read(files, split) for split, files in _splits(roots[0]).items()]
    return pd.concat(frames, ignore_index=True)


def _matches(folder: Path) -> list[tuple[Path, re.Match[str]]]:
    files = (path for path in sorted(folder.iterdir()) if path.is_file())
    return [(path, match) for path in files if (match := _NAME.fullmatch(path.name))]


def _splits(folder: Path) -> dict[str, list[Path]]:
    """The files of each split, in order of their parts."""
    found: dict[str, list[tuple[Path, re.Match[str]]]] = {}
    for path, match in _matches(folder):
        name = match["split"].lower()
        found.setdefault("val" if name.startswith("val") else name, []).append((path, match))
    for split, matches in found.items():
        parts = [int(match["part"] or 0) for _, match in matches]
        wanted = {int(match["parts"] or 1) for _, match in matches}
        if len(wanted) > 1 or len(set(parts)) < len(parts):
            raise ReviewSourceError(
                f"{storable(str(folder))} has several files of the split {split}: "
                f"{listed(path.name for path, _ in matches)}. Leave one of them there, or the "
                "parts of one."
            )
        if missing := sorted(set(range(max(wanted))) - set(parts)):
            raise ReviewSourceError(
                f"{storable(str(folder))}: of the {max(wanted)} parts of the split {split}, "
                f"{', '.join(f'{part:05d}' for part in missing)} is missing. Add it."
            )
    return {split: [path for path, _ in found[split]] for split in SPLITS if split in found}


def _read(files: list[Path], split: str) -> pd.DataFrame:
    readers = {".jsonl": _json_rows, ".csv": _csv_rows, ".parquet": _parquet_rows}
    rows: list[tuple[int, *Fields]] = []
    for path in files:
        offset = rows[-1][0] if rows else 0
        read = readers[path.suffix.lower()](path)
        own = [(offset + line, *rest) for line, *rest in read]
        shown = storable(str(path))
        if not own:
            raise ReviewSourceError(
                f"{shown} is empty: a split needs at least one review. Restore the file."
            )
        if all(fault == _NO_FIELDS for *_, fault in own):
            raise ReviewSourceError(
                f"{shown}: each line needs the fields `review` and `polarity` (or `label`); no "
                "line has them. Rename the fields."
            )
        rows += own
    frame = pd.DataFrame(rows, columns=["line", *RAW_COLUMNS[2:]])
    return frame.assign(split=split)[list(RAW_COLUMNS)]


def _parquet_rows(path: Path) -> Iterator[tuple[int, *Fields]]:
    """Read texts as bytes, because one may not be UTF-8."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise ReviewSourceError(
            f"{storable(str(path))} is no Parquet file that can be read: {error}. Restore the file."
        ) from error
    as_bytes = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary()}
    columns = [column.cast(as_bytes.get(column.type, column.type)) for column in table.columns]
    names = table.column_names
    for line, values in enumerate(zip(*columns, strict=True), start=1):
        record = {name: _text(value.as_py()) for name, value in zip(names, values, strict=True)}
        yield (line, *_fields(record))


def _text(value: Any) -> Any:
    """Decode bytes; invalid UTF-8 becomes surrogates, which `_fields` reports."""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def _csv_rows(path: Path) -> Iterator[tuple[int, *Fields]]:
    """Read strictly, because an unmatched quote shifts everything that follows."""
    csv.field_size_limit(sys.maxsize)  # validation rejects long texts
    line = 0
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        try:
            for line, record in enumerate(csv.DictReader(file, strict=True), start=1):
                whole = None not in record and None not in record.values()
                yield (line, *_fields(record if whole else str(record)))
        except csv.Error as error:
            raise ReviewSourceError(
                f"{storable(str(path))} is no CSV file that can be read, from row {line + 1} on: "
                f"{error}. Restore the file."
            ) from error


def _json_rows(path: Path) -> Iterator[tuple[int, *Fields]]:
    with path.open("rb") as file:
        for line, content in enumerate(file, start=1):
            if plain := content.removeprefix(codecs.BOM_UTF8).strip():
                yield (line, *_parse(plain))


def _parse(content: bytes) -> Fields:
    try:
        return _fields(json.loads(content.decode("utf-8")))
    except UnicodeDecodeError:
        return content.decode("latin-1"), None, "", "not UTF-8"
    except (ValueError, RecursionError):  # also from 5,000 digits or nested brackets
        return content.decode("utf-8"), None, "", "not JSON"


def _fields(record: Any) -> Fields:
    names = [name for name in _LABEL_NAMES if isinstance(record, dict) and name in record]
    if not names or "review" not in record:
        return storable(str(record)), None, "", _NO_FIELDS
    review, label = record["review"], record[names[0]]
    film = storable(str(record.get("film") or ""))
    if isinstance(label, str):
        label = storable(label)
    if not isinstance(review, str):
        return storable("" if review is None else str(review)), label, film, "review is no text"
    text = storable(review)
    return text, label, film, "" if text == review else _NO_UNICODE
