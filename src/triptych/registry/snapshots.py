"""The rows that a run was trained on: content-addressed Parquet files that are never rewritten.

A chunk is a year of a location, in a file named by the digest of its rows. A manifest lists the
chunks of a snapshot and is named by its own digest. Runs that share years share their files.
"""

import hashlib
import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from triptych.errors import PipelineError
from triptych.registry.provenance import frame_sha256

FOLDER = Path("data") / "snapshots"  # in the project
MANIFESTS = "manifests"

T = TypeVar("T")


class SnapshotError(PipelineError):
    """A snapshot is missing, or does not contain what was stored."""


class RowsChanged(SnapshotError):
    """A chunk is readable, but contains `rows` instead of those of `chunk`."""

    def __init__(self, message: str, chunk: "Chunk", rows: pd.DataFrame) -> None:
        super().__init__(message)
        self.chunk, self.rows = chunk, rows


@dataclass(frozen=True)
class TrainingRows:
    """The history that a run knew, and the digest of the rows that its served model was fitted on.

    The history includes the test period.
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
    """Stores frames `location, time, …` (sorted, unique) in a folder, bit for bit.

    What is read is verified: SnapshotError if a file is missing or was changed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def store(self, frame: pd.DataFrame) -> str:
        """Store the chunks that are not stored yet; return the digest of the snapshot."""
        chunks = []
        for (slug, year), part in frame.groupby(["location", frame["time"].dt.year], sort=False):
            rows = part.reset_index(drop=True)
            chunk = Chunk(str(slug), int(str(year)), len(rows), frame_sha256(rows))
            _write_once(self.path(chunk), partial(rows.to_parquet, compression="zstd"))
            chunks.append(asdict(chunk))
        content = json.dumps({"chunks": chunks}, indent=1).encode()
        sha256 = hashlib.sha256(content).hexdigest()
        _write_once(self._manifest(sha256), lambda path: path.write_bytes(content))
        return sha256

    def load(self, sha256: str) -> pd.DataFrame:
        """Load the rows of a snapshot."""
        return pd.concat([self.load_chunk(c) for c in self.chunks(sha256)], ignore_index=True)

    def chunks(self, sha256: str) -> list[Chunk]:
        """List the chunks of a snapshot, in the order of its rows."""
        path = self._manifest(sha256)
        content = _read(path, Path.read_bytes)
        if hashlib.sha256(content).hexdigest() != sha256:
            raise SnapshotError(_changed(path, "its content does not give the digest in its name"))
        return [Chunk(**chunk) for chunk in json.loads(content)["chunks"]]

    def path(self, chunk: Chunk) -> Path:
        """Return the file of a chunk."""
        return self.folder / f"{chunk.sha256}.parquet"

    def load_chunk(self, chunk: Chunk) -> pd.DataFrame:
        """Load the rows of a chunk."""
        path = self.path(chunk)
        rows = _read(path, pd.read_parquet)
        found = frame_sha256(rows)
        if found != chunk.sha256:
            what = f"the rows of {chunk.location} {chunk.year} now have the digest {found[:12]}"
            raise RowsChanged(_changed(path, what), chunk, rows)
        return rows

    def _manifest(self, sha256: str) -> Path:
        return self.folder / MANIFESTS / f"{sha256}.json"


def _write_once(path: Path, write: Callable[[Path], Any]) -> None:
    """Write a file elsewhere and move it, so that no reader sees a part of it."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="part-") as folder:
        part = Path(folder) / path.name
        write(part)
        part.replace(path)


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
