"""Of one run: whether its code, its data and its parameters can be named and are still there."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from triptych.errors import PipelineError
from triptych.registry.reproduction.environment_diff import tampered
from triptych.registry.run_manifest import (
    DATA_TAG,
    FITTED_TAG,
    SNAPSHOT_TAG,
    RunManifest,
    read_manifest,
)
from triptych.registry.snapshots import Chunk, SnapshotError, SnapshotStore
from triptych.registry.tracking import MODEL_TAG

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run


@dataclass(frozen=True)
class Trace:
    """What a run can be traced to. Each text is empty if it can, else says why not."""

    run_id: str
    commit: str
    data: str
    parameters: str

    @property
    def complete(self) -> bool:
        """Whether code, data and parameters are all named and all there."""
        return not (self.commit or self.data or self.parameters)


def trained(tags: Mapping[str, str]) -> bool:
    """Tell whether a run has fitted a model, also one of an earlier version, without a record."""
    single = (SNAPSHOT_TAG, DATA_TAG, MODEL_TAG)
    return any(name in single or name.startswith(FITTED_TAG) for name in tags)


@dataclass
class Tracer:
    """Traces runs of one project; what runs share is looked at once."""

    client: "MlflowClient"
    project: Path
    store: SnapshotStore
    _chunks: dict[Chunk, str] = field(default_factory=dict)
    _commits: dict[str, str] = field(default_factory=dict)

    def trace(self, run: "Run") -> Trace:
        """Look a finished training run up."""
        tags = run.data.tags
        return Trace(
            run_id=run.info.run_id,
            commit=self._commit(tags.get("triptych.git_commit", "unknown")),
            data=self._data(tags),
            parameters=self._parameters(run),
        )

    def _commit(self, commit: str) -> str:
        if commit not in self._commits:
            self._commits[commit] = self._look_up(commit)
        return self._commits[commit]

    def _look_up(self, commit: str) -> str:
        if commit.endswith("+changes"):
            return "files differed from the commit"
        if not re.fullmatch(r"[0-9a-f]{40}", commit):
            return "commit unknown"
        command = ["git", "-C", str(self.project), "cat-file", "-e", f"{commit}^{{commit}}"]
        try:
            found = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
        except OSError:
            return "the commit cannot be looked up: git is not there"
        return "" if found.returncode == 0 else "the commit is not in this repository"

    def _data(self, tags: Mapping[str, str]) -> str:
        if DATA_TAG not in tags:
            return "no digest of the training rows"
        if SNAPSHOT_TAG not in tags:
            return "the training rows were not kept"
        try:
            chunks = self.store.chunks(tags[SNAPSHOT_TAG])
        except SnapshotError as error:
            return _first_words(error)
        return next((fault for fault in map(self._chunk, chunks) if fault), "")

    def _chunk(self, chunk: Chunk) -> str:
        if chunk not in self._chunks:
            try:
                self.store.load_chunk(chunk)
                self._chunks[chunk] = ""
            except SnapshotError as error:
                self._chunks[chunk] = _first_words(error)
        return self._chunks[chunk]

    def _parameters(self, run: "Run") -> str:
        try:
            record: RunManifest = read_manifest(self.client, run)
        except PipelineError:
            return "no record that can be read"
        others = tampered(record, run.data.params)
        if others:
            return f"the record has {', '.join(sorted(others)[:3])} otherwise than MLflow"
        return "" if record.parameters else "the record has no parameters"


def _first_words(error: Exception) -> str:
    """`Data missing` or `Data changed`: the rest of the message is for who repairs it."""
    return str(error).partition(":")[0].lower()
