"""The rows that a run was trained on: content-addressed Parquet files that are never rewritten.

A chunk is a year of a location, in a file named by the digest of its rows. A manifest lists the
chunks of a snapshot and is named by its own digest. Runs that share years share their files.
"""

import hashlib
import json
import tempfile
import warnings
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from triptych.errors import PipelineError
from triptych.registry.provenance import frame_sha256

FOLDER = Path("data") / "snapshots"  # in the project
MANIFESTS = "manifests"
_LONGEST_DIGEST = 36  # MLflow's limit; the full digest is in the profile and in a tag
_SPELT_OUT = 3
_SCHEMA_ROWS = 100  # all rows: 26 s for two million rows of ten columns

T = TypeVar("T")


class SnapshotError(PipelineError):
    """A snapshot is missing, or does not contain what was stored."""


@dataclass(frozen=True)
class TrainingRows:
    """The whole history that a run knew, and the digest of the rows of its served model."""

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
    """Stores frames `location, time, …` bit for bit; verifies what it reads, else SnapshotError."""

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
            raise SnapshotError(_changed(path, what))
        return rows

    def _manifest(self, sha256: str) -> Path:
        return self.folder / MANIFESTS / f"{sha256}.json"


def log_training_data(rows: TrainingRows, snapshot: str) -> None:
    """Log the history, whose digest is `snapshot`, and the training rows to the active run."""
    import mlflow
    from mlflow.data.pandas_dataset import from_pandas
    from mlflow.entities import Dataset, DatasetInput, InputTag

    history, where = rows.history, place_names(rows.history["location"].unique())
    profile = {
        "rows": len(history),
        "locations": int(history["location"].nunique()),
        "first": history["time"].min().isoformat(),
        "last": history["time"].max().isoformat(),
    }
    source = (FOLDER / MANIFESTS / f"{snapshot}.json").as_posix()  # the project may be moved
    inputs, columns = [], history.head(_SCHEMA_ROWS)
    for context, name, sha256, known in (
        ("training", f"training rows of {where}", rows.sha256, {}),
        ("history", f"history of {where}", snapshot, profile),
    ):
        with warnings.catch_warnings():  # MLflow finds its local source twice
            warnings.simplefilter("ignore", UserWarning)
            found = from_pandas(columns, source, name=name, digest=sha256[:_LONGEST_DIGEST])
        fields: dict[str, Any] = found.to_dict()
        fields["profile"] = json.dumps({"sha256": sha256, **known})
        tags = [InputTag("mlflow.data.context", context)]
        inputs.append(DatasetInput(Dataset(**fields), tags))
    run = mlflow.active_run() or mlflow.start_run()
    mlflow.MlflowClient().log_inputs(run.info.run_id, datasets=inputs)


def place_names(slugs: Iterable[Any]) -> str:
    """List locations, or their number."""
    names = [str(slug) for slug in slugs]
    return ", ".join(names) if len(names) <= _SPELT_OUT else f"{len(names)} locations"


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
