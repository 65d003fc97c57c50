"""Where batches of locations are worked on: in this process, in others, or on a Dask cluster.

A step is a function of a batch; the engine maps it over batches and gives the results in order.
The numbers are the same whatever the engine: each call has one BLAS thread and sees its batch
alone. A single batch is worked on here: a small study starts no process.
"""

import atexit
import logging
import os
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cache, partial
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd

from triptych.errors import PipelineError
from triptych.execution.parallel import run_jobs
from triptych.forecasting.threads import one_blas_thread
from triptych.parameters.execution import EngineParameters

if TYPE_CHECKING:
    from distributed import Client

logger = logging.getLogger(__name__)

Batch = TypeVar("Batch")
Result = TypeVar("Result")

SERIAL = EngineParameters()
_CONNECT_SECONDS = 10
_REPORTS = 10  # lines of progress a step


def map_batches(
    work: Callable[..., Result],
    batches: Collection[Batch],
    engine: EngineParameters,
    doing: str,
    *shared: Any,
) -> list[Result]:
    """Call `work(*shared, batch)` for each batch where `engine` says; the results in their order.

    Args:
        work: a function of a module, so that another process finds it.
        batches: what it is called with; they are sent to where it runs, each made when it is due.
        doing: what is done, for the lines of progress.
        shared: what every call takes too, such as a fitted model; Dask sends it once.

    Raises:
        PipelineError: the Dask scheduler is away, or a batch has killed every worker it was given.
    """
    run = _here if len(batches) == 1 else _ENGINES[engine.kind]
    return list(_reported(run(_Alone(work), batches, shared, engine), len(batches), doing))


class Made(Collection[Batch]):
    """Batches that are made one by one when they are due, so that memory never holds them all."""

    def __init__(self, make: Callable[[Any], Batch], keys: Collection[Any]) -> None:
        self._make, self._keys = make, keys

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[Batch]:
        return map(self._make, self._keys)

    def __contains__(self, item: object) -> bool:
        return item in self._keys


def split_locations(frame: pd.DataFrame, size: int) -> list[pd.DataFrame]:
    """The frame in parts of at most `size` locations, by slug; a small frame as it is."""
    codes, slugs = pd.factorize(frame["location"], sort=True)
    if len(slugs) <= size:
        return [frame]
    order = np.argsort(codes, kind="stable")
    edges = np.searchsorted(codes[order], np.arange(0, len(slugs) + size, size))
    return [frame.iloc[order[a:b]] for a, b in pairwise(edges) if a < b]


def map_items(engine: EngineParameters, doing: str) -> Callable[..., list[Any]]:
    """Make the function that forecasters use: it maps a function of a list over a list's parts."""

    def run(work: Callable[[list[Any]], list[Any]], items: Sequence[Any]) -> list[Any]:
        remaining = iter(items)
        parts = list(iter(lambda: list(islice(remaining, engine.batch_locations)), []))
        found = map_batches(work, parts, engine, doing) if parts else []
        return [result for part in found for result in part]

    return run


class _Alone:
    """The work with one BLAS thread; a class, since it is sent to other processes."""

    def __init__(self, work: Callable[..., Any]) -> None:
        self._work = work

    def __call__(self, shared: Sequence[Any], batch: Any) -> Any:
        with one_blas_thread():
            return self._work(*shared, batch)


def _reported(results: Iterable[Result], total: int, doing: str) -> Iterator[Result]:
    every = max(1, total // _REPORTS)
    for number, result in enumerate(results, 1):
        if total > 1 and (number % every == 0 or number == total):
            logger.info("%s: %s of %s batches", doing, f"{number:,}", f"{total:,}")
        yield result


def _here(
    work: _Alone, batches: Collection[Any], shared: Sequence[Any], _: EngineParameters
) -> Iterator[Any]:
    return (work(shared, batch) for batch in batches)


def _joblib(
    work: _Alone, batches: Collection[Any], shared: Sequence[Any], engine: EngineParameters
) -> Iterator[Any]:
    tasks = Made(lambda batch: partial(work, shared, batch), batches)
    return run_jobs(tasks, engine.workers or os.cpu_count() or 1, threads=1)


def _dask(
    work: _Alone, batches: Collection[Any], shared: Sequence[Any], engine: EngineParameters
) -> Iterator[Any]:
    """Keep each worker supplied, no more: what waits is held here, not by the cluster.

    A batch whose worker dies is given to another, by Dask.
    """
    from distributed import CancelledError, KilledWorker

    client: Any = _client(engine.address, engine.workers)
    try:
        # Made by a task, not scattered: when the workers that hold it die, it is made again.
        common = client.submit(tuple, shared, pure=False)
        remaining = iter(batches)
        waiting = deque(
            client.submit(work, common, batch, pure=False)
            for batch in islice(remaining, 2 * len(client.ncores()) + 1)
        )
        while waiting:
            yield waiting.popleft().result()
            for batch in islice(remaining, 1):
                waiting.append(client.submit(work, common, batch, pure=False))
    except KilledWorker as error:
        raise PipelineError(
            f"A batch of locations ended every Dask worker that it was given: {error}. Most often "
            "it does not fit in their memory: lower engine.batch_locations or give them more."
        ) from error
    except (CancelledError, OSError) as error:
        raise PipelineError(_away(engine.address, error)) from error


@cache
def _client(address: str | None, workers: int | None) -> "Client":
    """One connection a process, closed at its end; with no address to a cluster of its own."""
    from distributed import Client, LocalCluster

    try:
        cluster = address or LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=workers or os.cpu_count(), threads_per_worker=1, dashboard_address=None
        )
        client = Client(cluster, timeout=_CONNECT_SECONDS)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise PipelineError(_away(address, error)) from error
    atexit.register(client.close)
    logger.info("Dask: %s", client)
    return client


def _away(address: str | None, error: Exception) -> str:
    return (
        f"The Dask scheduler at {address or 'this machine'} does not answer: "
        f"{str(error) or type(error).__name__}. Start it (dask scheduler) with workers that have "
        "this project installed, correct engine.address, or take engine.kind=joblib."
    )


_ENGINES = {"serial": _here, "joblib": _joblib, "dask": _dask}
