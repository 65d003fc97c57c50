"""What came of making a run again, kept on the run in MLflow: the audit counts it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from triptych.errors import PipelineError
from triptych.registry.reproduction.report import Reproduction, summary
from triptych.registry.reproduction.reproduce import Tracked, reproduce

if TYPE_CHECKING:
    from mlflow.entities import Run

REPRODUCED_TAG = "triptych.reproduced"
AT_TAG = "triptych.reproduced_at"
SECONDS_TAG = "triptych.reproduced_seconds"
WHY_NOT_TAG = "triptych.reproduced_why_not"


@dataclass(frozen=True)
class ReproductionStatus:
    """The latest try of a run: whether every bit came out again, and how long it took."""

    same: bool
    seconds: float


def reproduce_and_record(project: Path, tracked: Tracked, run: "Run") -> Reproduction:
    """Make a run again, and tag it with what came of it; the latest try counts.

    Raises:
        PipelineError: as `reproduce`; that is recorded too.
    """
    start = time.monotonic()
    try:
        found = reproduce(project, tracked, run)
    except PipelineError as error:
        _record(tracked, run, start, str(error))
        raise
    _record(tracked, run, start, "" if found.equal else summary(found))
    return found


def read_status(tags: Mapping[str, str]) -> ReproductionStatus | None:
    """What the tags of a run say of its latest try; None if it was never tried."""
    if REPRODUCED_TAG not in tags:
        return None
    return ReproductionStatus(tags[REPRODUCED_TAG] == "yes", float(tags.get(SECONDS_TAG, "nan")))


def _record(tracked: Tracked, run: "Run", start: float, why_not: str) -> None:
    import mlflow

    client = mlflow.MlflowClient(tracked.uri)
    tags = {
        REPRODUCED_TAG: "no" if why_not else "yes",
        AT_TAG: f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        SECONDS_TAG: f"{time.monotonic() - start:.1f}",
        WHY_NOT_TAG: why_not,
    }
    for name, text in tags.items():
        client.set_tag(run.info.run_id, name, text)
