"""All figures of the audit, gathered from MLflow, the tables and the stored rows."""

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from triptych.registry.audit.latency import Access, measure_access
from triptych.registry.audit.lineage import Trace, Tracer, trained
from triptych.registry.audit.storage import Rows, rows_bytes, run_bytes, store_bytes
from triptych.registry.models import ModelRegistry
from triptych.registry.reproduction.reproduce import Tracked
from triptych.registry.reproduction.status import ReproductionStatus, read_status
from triptych.registry.snapshots import FOLDER, SnapshotStore

if TYPE_CHECKING:
    from mlflow.entities import Run


@dataclass(frozen=True)
class Audit:
    """What was found.

    Attributes:
        tracked: where the runs are.
        statuses: number of runs by MLflow's status; one that was killed stays RUNNING.
        traces: of each finished run that trained, oldest first.
        reproductions: by run, of those that were made again.
        run_sizes: bytes of each finished run's files in MLflow.
        changes: number of changes of stage; `approved`: of those with a name and a reason.
    """

    tracked: Tracked
    statuses: dict[str, int]
    traces: list[Trace]
    reproductions: dict[str, ReproductionStatus]
    run_sizes: list[int]
    rows: Rows
    store: int | None
    access: Access
    changes: int
    approved: int

    @property
    def shares(self) -> dict[str, int]:
        """How many of the training runs can be traced to what, and reproduce."""
        return {
            "commit": sum(not trace.commit for trace in self.traces),
            "data": sum(not trace.data for trace in self.traces),
            "parameters": sum(not trace.parameters for trace in self.traces),
            "all three": sum(trace.complete for trace in self.traces),
            "reproduced": sum(status.same for status in self.reproductions.values()),
        }

    def as_json(self) -> dict[str, Any]:
        """Every figure, in bytes and seconds, with the runs one by one."""
        runs = []
        for trace in self.traces:
            status = self.reproductions.get(trace.run_id)
            said = "not tried" if status is None else "yes" if status.same else "no"
            runs.append({**asdict(trace), "reproduced": said})
        return {
            "experiment": self.tracked.experiment,
            "store": self.tracked.shown_uri,
            "runs": self.statuses,
            "training_runs": len(self.traces),
            "traced": {name: n for name, n in self.shares.items() if name != "reproduced"},
            "reproduced": {
                "yes": self.shares["reproduced"],
                "no": len(self.reproductions) - self.shares["reproduced"],
                "not tried": len(self.traces) - len(self.reproductions),
                "seconds": [status.seconds for status in self.reproductions.values()],
            },
            "stage_changes": {"all": self.changes, "with name and reason": self.approved},
            "bytes": {
                "run_files_median": median(self.run_sizes) if self.run_sizes else 0,
                "run_files_all": sum(self.run_sizes),
                "rows_referenced": self.rows.referenced,
                "rows_stored": self.rows.stored,
                "rows_saved": round(self.rows.saved, 4),
                "mlflow_database": self.store,
            },
            "access": asdict(self.access),
            "training": runs,
        }


def gather(project: Path, tracked: Tracked, registry: ModelRegistry) -> Audit:
    """Look at everything; nothing is changed."""
    import mlflow

    client = mlflow.MlflowClient(tracked.uri)
    store = SnapshotStore(project / FOLDER)
    tracer = Tracer(client, project, store)
    every = tracked.every()
    finished = [run for run in every if run.info.status == "FINISHED"]
    training = [run for run in finished if trained(run.data.tags)]
    changes = [row for name in _names(registry) for row in registry.history(name)]
    return Audit(
        tracked=tracked,
        statuses=dict(Counter(run.info.status for run in every)),
        traces=[tracer.trace(run) for run in training],
        reproductions=_reproductions(training),
        run_sizes=[run_bytes(client, run) for run in finished],
        rows=rows_bytes(store, training),
        store=store_bytes(tracked.uri),
        access=measure_access(registry, client),
        changes=len(changes),
        approved=sum(bool(row["who"].strip() and row["why"].strip()) for row in changes),
    )


def _names(registry: ModelRegistry) -> list[str]:
    return list(dict.fromkeys(row["name"] for row in registry.list_models()))


def _reproductions(runs: "list[Run]") -> dict[str, ReproductionStatus]:
    found = {run.info.run_id: read_status(run.data.tags) for run in runs}
    return {run_id: status for run_id, status in found.items() if status is not None}
