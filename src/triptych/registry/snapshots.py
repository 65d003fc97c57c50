"""The rows that a run was trained on, as they were: content-addressed Parquet, never rewritten.

A location's year is a chunk, in a file named by the digest of its rows. A manifest lists the chunks
of a snapshot and is named by its own digest. Runs that share years share their files.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from triptych.errors import PipelineError
from triptych.registry.provenance import frame_sha256

FOLDER = Path("data") / "snapshots"  # in the project
MANIFESTS = "manifests"

T = TypeVar("T")


class SnapshotError(PipelineError):
    """A snapshot is missing, or does not hold what was stored."""


class RowsChanged(SnapshotError):
    """A chunk can be read, but its rows are others: `rows` instead of those of `chunk`."""

    def __init__(self, message: str, chunk: "Chunk", rows: pd.DataFrame) -> None:
        super().__init__(message)
        self.chunk, self.rows = chunk, rows


@dataclass(frozen=True)
class TrainingRows:
    """What a run knew.

    Attributes:
        history: all of it, the test period too.
        sha256: digest of the rows that the models that are put to use were fitted on.
    """

    history: pd.DataFrame
    sha256: str


@dataclass(frozen=True)
class Chunk:
    """A year of a location; `sha256` is `frame_sha256` of its rows."""

    location: str
    year: int
    rows: int
    sha256: str


class SnapshotStore:
    """Keeps frames `location, time, …` (sorted, unique) and gives them back bit for bit.

    Args:
        folder: made when something is stored.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def store(self, frame: pd.DataFrame) -> str:
        """Store what of the frame is not there yet.

        Returns:
            The digest that `load` takes.
        """
        chunks = [
            self._store_chunk(str(slug), int(str(year)), rows)
            for (slug, year), rows in frame.groupby(["location", frame["time"].dt.year], sort=False)
        ]
        content = json.dumps({"chunks": [asdict(chunk) for chunk in chunks]}, indent=1).encode()
        sha256 = hashlib.sha256(content).hexdigest()
        _write_once(self._manifest(sha256), lambda path: path.write_bytes(content))
        return sha256

    def load(self, sha256: str) -> pd.DataFrame:
        """Give the rows back, after a check of every chunk.

        Raises:
            SnapshotError: a file is missing, or holds something else.
        """
        return pd.concat([self.load_chunk(c) for c in self.chunks(sha256)], ignore_index=True)

    def chunks(self, sha256: str) -> list[Chunk]:
        """List what a snapshot consists of, in the order of its rows; errors as `load` has them."""
        path = self._manifest(sha256)
        content = _read(path, Path.read_bytes)
        if hashlib.sha256(content).hexdigest() != sha256:
            raise SnapshotError(_changed(path, "its content does not give the digest in its name"))
        return [Chunk(**chunk) for chunk in json.loads(content)["chunks"]]

    def path(self, chunk: Chunk) -> Path:
        """Where a chunk lies."""
        return self.folder / f"{chunk.sha256}.parquet"

    def load_chunk(self, chunk: Chunk) -> pd.DataFrame:
        """Read the rows of a chunk, and check them; errors as `load` has them."""
        path = self.path(chunk)
        rows = _read(path, pd.read_parquet)
        found = frame_sha256(rows)
        if found != chunk.sha256:
            what = f"the rows of {chunk.location} {chunk.year} now have the digest {found[:12]}"
            raise RowsChanged(_changed(path, what), chunk, rows)
        return rows

    def _manifest(self, sha256: str) -> Path:
        return self.folder / MANIFESTS / f"{sha256}.json"

    def _store_chunk(self, location: str, year: int, rows: pd.DataFrame) -> Chunk:
        rows = rows.reset_index(drop=True)
        chunk = Chunk(location, year, len(rows), frame_sha256(rows))
        _write_once(self.path(chunk), lambda path: rows.to_parquet(path, compression="zstd"))
        return chunk


def _write_once(path: Path, write: Callable[[Path], Any]) -> None:
    """Write a file beside its place, then move it there: no reader sees half of it."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    os.close(handle)
    try:
        write(Path(name))
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _read(path: Path, read: Callable[[Path], T]) -> T:
    try:
        return read(path)
    except FileNotFoundError as error:
        raise SnapshotError(
            f"Data missing: {path} is not there, a part of the rows that the run was trained on. "
            "Bring it back from a copy of data/snapshots, or, if it is tracked: dvc pull."
        ) from error
    except (OSError, ValueError) as error:
        raise SnapshotError(_changed(path, f"it cannot be read: {error}")) from error


def _changed(path: Path, what: str) -> str:
    return (
        f"Data changed: {path} is not what the run was trained on: {what}. A stored file is never "
        "rewritten. Bring it back from a copy of data/snapshots, or, if it is tracked: move it "
        "aside, then dvc pull."
    )
