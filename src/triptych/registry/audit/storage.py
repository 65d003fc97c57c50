"""What runs take on disk, and what it would be if nothing were shared."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from triptych.registry.artifacts import sqlite_file
from triptych.registry.run_manifest import SNAPSHOT_TAG
from triptych.registry.snapshots import SnapshotError, SnapshotStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow import MlflowClient
    from mlflow.entities import FileInfo, Run


@dataclass(frozen=True)
class Rows:
    """Bytes of the training rows: of every run for itself, and as they are stored."""

    referenced: int
    stored: int

    @property
    def saved(self) -> float:
        """The share that deduplication saves."""
        return 1 - self.stored / self.referenced if self.referenced else 0.0


def run_bytes(client: "MlflowClient", run: "Run") -> int:
    """The size of a run's files in MLflow: its artifacts and the models that it logged."""
    run_id = run.info.run_id
    own = _size(lambda path: client.list_artifacts(run_id, path))
    models = run.outputs.model_outputs if run.outputs else []
    return own + sum(
        _size(lambda path, model=model: client.list_logged_model_artifacts(model.model_id, path))  # type: ignore[misc]
        for model in models
    )


def rows_bytes(store: SnapshotStore, runs: "Iterable[Run]") -> Rows:
    """Compare the stored chunks with what the runs refer to; what is missing counts nothing."""
    referenced, stored = 0, {}
    for run in runs:
        sha256 = run.data.tags.get(SNAPSHOT_TAG)
        for path in _files(store, sha256) if sha256 else []:
            size = path.stat().st_size if path.exists() else 0
            referenced += size
            stored[path] = size
    return Rows(referenced, sum(stored.values()))


def store_bytes(uri: str) -> int | None:
    """The size of MLflow's database; None for a server, which keeps it elsewhere."""
    path = sqlite_file(uri)
    return path.stat().st_size if path is not None and path.exists() else None


def _files(store: SnapshotStore, sha256: str) -> list[Path]:
    try:
        return [store.path(chunk) for chunk in store.chunks(sha256)]
    except SnapshotError:
        return []


def _size(listed: "Callable[[str | None], list[FileInfo]]", path: str | None = None) -> int:
    return sum(
        _size(listed, file.path) if file.is_dir else int(file.file_size or 0)
        for file in listed(path)
    )
