"""Audit of the tracked runs: lineage, reproducibility, storage and latency."""

import re
import subprocess
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from statistics import median
from timeit import timeit
from typing import TYPE_CHECKING, Any

from triptych.errors import PipelineError
from triptych.registry.artifacts import sqlite_file
from triptych.registry.models import ModelRegistry
from triptych.registry.provenance import DATA_TAG, FITTED_TAG, SNAPSHOT_TAG, read_manifest
from triptych.registry.reproduction.diff import tampered
from triptych.registry.reproduction.reproduce import REPRODUCED_TAG, SECONDS_TAG, TrackedRuns
from triptych.registry.snapshots import FOLDER, Chunk, SnapshotError, SnapshotStore
from triptych.registry.stages import version_title
from triptych.registry.tracking import MODEL_TAG

if TYPE_CHECKING:
    from mlflow.entities import FileInfo, Run

Report = dict[str, Any]

_TRACED = ("commit", "data", "parameters")
_LOOK_UPS = 5  # measured, of each production version
_SHOWN = 5  # untraceable runs and broken versions


def gather(project: Path, tracked: TrackedRuns, registry: ModelRegistry) -> Report:
    """Measure everything, as `kedro model audit --json` prints it, in bytes and seconds.

    A training run has a text for each of `commit`, `data` and `parameters`: empty if it can be
    traced to it, else the reason why not.
    """
    store, runs = SnapshotStore(project / FOLDER), tracked.all()
    finished = [run for run in runs if run.info.status == "FINISHED"]
    marks = (SNAPSHOT_TAG, DATA_TAG, MODEL_TAG, FITTED_TAG)  # earlier versions have no manifest
    trained = [run for run in finished if any(tag.startswith(marks) for tag in run.data.tags)]
    training = [
        {
            "run_id": run.info.run_id,
            "commit": _commit_fault(project, run.data.tags.get("triptych.git_commit", "unknown")),
            "data": _data_fault(store, run.data.tags),
            "parameters": _parameter_fault(run),
            "reproduced": run.data.tags.get(REPRODUCED_TAG, "not tried"),
        }
        for run in trained
    ]
    reproduced = Counter(row["reproduced"] for row in training)
    names = {row["name"] for row in registry.list_models()}
    changes = [row for name in names for row in registry.history(name)]
    sizes, database = [_run_bytes(run) for run in finished], sqlite_file(tracked.uri)
    return {
        "experiment": tracked.experiment,
        "store": tracked.uri,
        "runs": dict(Counter(run.info.status for run in runs)),
        "training_runs": len(trained),
        "traced": {
            **{kind: sum(not row[kind] for row in training) for kind in _TRACED},
            "all three": sum(not any(row[kind] for kind in _TRACED) for row in training),
        },
        "reproduced": {
            **{answer: reproduced[answer] for answer in ("yes", "no", "not tried")},
            "seconds": [
                float(run.data.tags.get(SECONDS_TAG, "nan"))
                for run in trained
                if REPRODUCED_TAG in run.data.tags
            ],
        },
        "stage_changes": {
            "all": len(changes),
            "with name and reason": sum(bool(c["who"] and c["why"]) for c in changes),
        },
        "bytes": {
            "run_files_median": median(sizes) if sizes else 0,
            "run_files_all": sum(sizes),
            **_row_bytes(store, trained),
            "mlflow_database": database.stat().st_size if database else None,
        },
        "access": _measure_access(registry),
        "training": training,
    }


@cache
def _commit_fault(project: Path, commit: str) -> str:
    if commit.endswith("+changes"):
        return "files differed from the commit"
    if not re.fullmatch(r"[0-9a-f]{40}", commit):
        return "commit unknown"
    command = ["git", "-C", str(project), "cat-file", "-e", f"{commit}^{{commit}}"]
    try:
        found = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    except OSError:
        return "the commit cannot be looked up: git is not there"
    return "" if found.returncode == 0 else "the commit is not in this repository"


def _data_fault(store: SnapshotStore, tags: Mapping[str, str]) -> str:
    if DATA_TAG not in tags:
        return "no digest of the training rows"
    if SNAPSHOT_TAG not in tags:
        return "the training rows were not kept"
    try:
        for chunk in store.chunks(tags[SNAPSHOT_TAG]):
            _verify(store, chunk)
    except SnapshotError as error:  # the rest of the message is for whoever restores it
        return str(error).partition(":")[0].lower()
    return ""


@cache
def _verify(store: SnapshotStore, chunk: Chunk) -> None:
    """Read the rows that several runs share once."""
    store.load_chunk(chunk)


def _parameter_fault(run: "Run") -> str:
    try:
        manifest = read_manifest(run)
    except PipelineError:
        return "no record that can be read"
    others = sorted(tampered(manifest, run.data.params))
    if others:
        return f"the record has {', '.join(others[:3])} otherwise than MLflow"
    return "" if manifest.parameters else "the record has no parameters"


def _run_bytes(run: "Run") -> int:
    """The size of a run's files in MLflow: its artifacts and the models that it logged."""
    import mlflow

    client = mlflow.MlflowClient()

    def size(listed: "Callable[..., list[FileInfo]]", owner: str, path: str | None = None) -> int:
        return sum(
            size(listed, owner, file.path) if file.is_dir else int(file.file_size or 0)
            for file in listed(owner, path)
        )

    models = run.outputs.model_outputs if run.outputs else []
    return size(client.list_artifacts, run.info.run_id) + sum(
        size(client.list_logged_model_artifacts, model.model_id) for model in models
    )


def _row_bytes(store: SnapshotStore, runs: "Sequence[Run]") -> dict[str, float]:
    """Compare the stored chunks with a copy per run; missing files count nothing."""
    referenced, stored = 0, {}
    for run in runs:
        with suppress(SnapshotError, KeyError):
            for chunk in store.chunks(run.data.tags[SNAPSHOT_TAG]):
                path = store.path(chunk)
                stored[path] = path.stat().st_size if path.exists() else 0
                referenced += stored[path]
    total = sum(stored.values())
    saved = 1 - total / referenced if referenced else 0.0
    return {"rows_referenced": referenced, "rows_stored": total, "rows_saved": round(saved, 4)}


def _measure_access(registry: ModelRegistry) -> dict[str, Any]:
    """Time how long it takes to find and to load each version, whose files are verified."""
    import mlflow

    client, rows = mlflow.MlflowClient(), registry.list_models()
    names = [row["name"] for row in rows if row["version"] == 1] * _LOOK_UPS
    live = [timeit(partial(registry.in_production, name), number=1) for name in names]
    find_run, load, broken = [], [], []
    for row in {row["kind"]: row for row in rows}.values():
        with suppress(PipelineError):  # reported below; imports are not measured
            registry.load(row)
    for row in rows:
        try:
            find_run.append(timeit(partial(client.get_run, row["mlflow_run_id"]), number=1))
            load.append(timeit(partial(registry.load, row), number=1))
        except (PipelineError, mlflow.MlflowException) as error:
            broken.append(f"{version_title(row)}: {error}")
    return {"find_live": live, "find_run": find_run, "load": load, "broken": broken}


def format_report(report: Report) -> str:
    """Return the report as text, with the reasons of what is not as it should be."""
    from dask.utils import format_bytes

    runs, reproduced = report["training_runs"], report["reproduced"]
    changes, access, size = report["stage_changes"], report["access"], report["bytes"]
    broken, loaded = access["broken"], len(access["load"])
    statuses = ", ".join(f"{n} {name.lower()}" for name, n in sorted(report["runs"].items()))
    untried = reproduced["not tried"]
    hint = f"{untried} not tried: kedro model audit --reproduce" if untried else ""
    each = f"median {format_bytes(size['run_files_median'])}" if size["run_files_all"] else "none"
    stored, copies = (format_bytes(size[name]) for name in ("rows_stored", "rows_referenced"))
    copies += f" if each run had its own: {size['rows_saved']:.0%} saved"
    database = size["mlflow_database"]
    mlflow_size = "on the server" if database is None else format_bytes(database)
    shares = {kind: _share(count, runs) for kind, count in report["traced"].items()}
    named = _share(changes["with name and reason"], changes["all"])
    faults = "".join(f"\n  {message}" for message in broken[:_SHOWN])
    untraced = [
        f"\n  {row['run_id'][:12]}: {'; '.join(filter(None, map(row.get, _TRACED)))}"
        for row in report["training"]
        if any(row[kind] for kind in _TRACED)
    ]
    if len(untraced) > _SHOWN:
        older = f"\n  and {len(untraced) - _SHOWN} older ones (--json lists all)"
        untraced = [*untraced[-_SHOWN:], older]
    text = f"""Experiment {report["experiment"]} in {report["store"]}
Runs                                    {sum(report["runs"].values()):<22}{statuses}
  finished runs that trained            {runs}

Training runs that can be traced
  to a clean commit                     {shares["commit"]}
  to their data: digest, stored rows    {shares["data"]}
  to their parameters                   {shares["parameters"]}
  to all three                          {shares["all three"]}
Reproduced bit for bit                  {_share(reproduced["yes"], runs):22}{hint}
  time of a reproduction                {_times(reproduced["seconds"])}{"".join(untraced)}

Versions
  files open, digest as registered      {_share(loaded, loaded + len(broken))}
  changes of stage with name and reason {named}{faults}

Storage
  MLflow files of a run                 {each:22}{format_bytes(size["run_files_all"])} in all
  training rows                         {stored + " stored":22}{copies}
  MLflow's database                     {mlflow_size}

Time
  to find the version in production     {_times(access["find_live"])}
  to find the run of a version          {_times(access["find_run"])}
  to load a version, checked            {_times(access["load"])}"""
    return "\n".join(line.rstrip() for line in text.splitlines())


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({part / whole:.0%})" if whole else "none yet"


def _times(seconds: Sequence[float]) -> str:
    from dask.utils import format_time

    if not seconds:
        return "none yet"
    return f"median {format_time(median(seconds))}, longest {format_time(max(seconds))}"
