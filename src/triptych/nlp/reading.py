"""Reviews as they are published: one file a split, JSON lines or Parquet, faults kept and named."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from triptych.nlp.errors import ReviewSourceError

SPLITS = ("train", "val", "test")
RAW_COLUMNS = ("split", "line", "review", "polarity", "fault")
LABEL_NAMES = ("polarity", "label")  # as in the author's repository, and as on Hugging Face


def read_reviews(folder: Path) -> pd.DataFrame:
    """Read the splits that a folder has: `train`, `val`, `test`, each `.jsonl` or `.parquet`.

    Returns:
        RAW_COLUMNS: `line` counts from 1, `polarity` is whatever stands there, `fault` says why a
        line cannot be read, and is empty for the others.

    Raises:
        ReviewSourceError: there is no such folder or no split in it, a file is empty, or no line of
            a file has the two fields.
    """
    if not folder.is_dir():
        raise ReviewSourceError(
            f"There is no folder of reviews {folder}. TRIPTYCH_REAL_DATA must name the folder that "
            "holds `reviews/train.jsonl` and `reviews/val.jsonl`: correct it."
        )
    frames = [_read(path, split) for split in SPLITS for path in _files(folder, split)]
    if not frames:
        names = ", ".join(sorted(path.name for path in folder.iterdir())) or "nothing"
        raise ReviewSourceError(
            f"The folder {folder} has no reviews: it must hold train.jsonl and val.jsonl (or "
            f".parquet), and has {names}. Correct TRIPTYCH_REAL_DATA."
        )
    return pd.concat(frames, ignore_index=True)


def _files(folder: Path, split: str) -> list[Path]:
    return [path for suffix in (".jsonl", ".parquet")
            if (path := folder / f"{split}{suffix}").is_file()][:1]  # fmt: skip


def _read(path: Path, split: str) -> pd.DataFrame:
    rows = _parquet_rows(path) if path.suffix == ".parquet" else _json_rows(path)
    frame = pd.DataFrame(rows, columns=["line", "review", "polarity", "fault"])
    if frame.empty:
        raise ReviewSourceError(
            f"{path} is empty: a split needs at least one review. Restore the file."
        )
    if (frame["fault"] == "no fields review and polarity").all():
        raise ReviewSourceError(
            f"{path}: each line needs the fields `review` and `polarity` (or `label`); no line has "
            "them. Rename the fields."
        )
    return frame.assign(split=split)[list(RAW_COLUMNS)]


def _parquet_rows(path: Path) -> Iterator[tuple[int, str, Any, str]]:
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise ReviewSourceError(
            f"{path} is no Parquet file that can be read: {error}. Restore the file."
        ) from error
    for line, record in enumerate(table.to_dict("records"), start=1):
        yield (line, *_fields(record))


def _json_rows(path: Path) -> Iterator[tuple[int, str, Any, str]]:
    with path.open("rb") as file:
        for line, content in enumerate(file, start=1):
            if content.strip():
                yield (line, *_parse(content))


def _parse(content: bytes) -> tuple[str, Any, str]:
    try:
        record = json.loads(content.decode("utf-8"))
    except UnicodeDecodeError:
        return content.decode("latin-1").strip(), None, "not UTF-8"
    except json.JSONDecodeError:
        return content.decode("utf-8").strip(), None, "not JSON"
    return _fields(record)


def _fields(record: Any) -> tuple[str, Any, str]:
    names = [name for name in LABEL_NAMES if isinstance(record, dict) and name in record]
    if not names or "review" not in record:
        return str(record), None, "no fields review and polarity"
    review = record["review"]
    if not isinstance(review, str):
        return "" if review is None else str(review), record[names[0]], "review is no text"
    return review, record[names[0]], ""
