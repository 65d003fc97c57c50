"""How long it takes to find a version and to open it, and whether its files are what they were."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from triptych.errors import PipelineError
from triptych.registry.models import ModelRegistry
from triptych.registry.stages import Row, in_stage

if TYPE_CHECKING:
    from mlflow import MlflowClient

T = TypeVar("T")
_FINDS = 5


@dataclass(frozen=True)
class Access:
    """Measured seconds.

    Attributes:
        find_live: from a name to its version in production, by the tables; a value a try.
        find_run: from a version to its run in MLflow; a value a version.
        load: from a version to its fitted forecaster, digest checked; a value a version that opens.
            What a process imports first is not counted.
        broken: name, version and reason of those that do not.
    """

    find_live: list[float]
    find_run: list[float]
    load: list[float]
    broken: list[str]


def measure_access(registry: ModelRegistry, client: "MlflowClient") -> Access:
    """Find and open every version."""
    rows = registry.list_models()
    found = Access([], [], [], [])
    for name in dict.fromkeys(row["name"] for row in rows):
        tries = [_timed(lambda name=name: _live(registry, name))[1] for _ in range(_FINDS)]  # type: ignore[misc]
        found.find_live.extend(tries)
    _import_first(registry, rows)
    for row in rows:
        try:
            found.find_run.append(_timed(lambda row=row: _run(client, row))[1])  # type: ignore[misc]
            found.load.append(_timed(lambda row=row: registry.load(row))[1])  # type: ignore[misc]
        except PipelineError as error:
            found.broken.append(f"{row['name']} version {row['version']}: {error}")
    return found


def _live(registry: ModelRegistry, name: str) -> Row | None:
    return in_stage((row for row in registry.list_models() if row["name"] == name), "production")


def _import_first(registry: ModelRegistry, rows: list[Row]) -> None:
    for row in {row["kind"]: row for row in rows}.values():
        with suppress(PipelineError):  # it is said where it is measured
            registry.load(row)


def _run(client: "MlflowClient", row: Row) -> Any:
    from mlflow.exceptions import MlflowException

    try:
        return client.get_run(row["mlflow_run_id"])
    except MlflowException as error:
        raise PipelineError(f"its run is not in MLflow: {error}") from error


def _timed(action: Callable[[], T]) -> tuple[T, float]:
    start = time.perf_counter()
    return action(), time.perf_counter() - start
