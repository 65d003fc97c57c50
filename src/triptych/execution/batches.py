"""Map a function over batches of locations: in this process, in others, or on a Dask cluster.

The numbers are the same on every engine: each call has one BLAS thread and sees its batch alone. A
single batch stays in this process.
"""

import atexit
import logging
import os
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache, partial
from itertools import islice, pairwise
from operator import call
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd

from triptych.errors import PipelineError
from triptych.execution.parallel import one_blas_thread, run_jobs
from triptych.execution.progress import track
from triptych.parameters.forecasting import EngineParameters

if TYPE_CHECKING:
    from distributed import Client

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
Work = Callable[[Any], Any]

SERIAL = EngineParameters()
_CONNECT_SECONDS = 10


def map_batches(
    work: Callable[..., Result],
    batches: Collection[Any],
    engine: EngineParameters,
    doing: str,
    *shared: Any,
    make: Callable[[Any], Any] | None = None,
) -> list[Result]:
    """Call `work(*shared, batch)` for each batch on an engine; the results in their order.

    `work` is a function of a module, so that another process finds it. With `make`, `batches` are
    its arguments, and each batch is made when it is due. `shared` arguments, such as a fitted
    model, are sent once by Dask. PipelineError if its scheduler does not respond, or a batch killed
    every worker.
    """
    count, due = len(batches), map(make, batches) if make else iter(batches)
    if count <= 1:
        return [_call(work, shared, batch) for batch in due]
    results = _ENGINES[engine.kind](partial(_call, work, shared), due, engine, count)
    return list(track(results, doing, count))


def split_locations(frame: pd.DataFrame, size: int) -> list[pd.DataFrame]:
    """The frame in parts of at most `size` locations, by slug; a small frame as it is."""
    codes, slugs = pd.factorize(frame["location"], sort=True)
    if len(slugs) <= size:
        return [frame]
    order = np.argsort(codes, kind="stable")
    edges = np.searchsorted(codes[order], np.arange(0, len(slugs) + size, size))
    return [frame.iloc[order[a:b]] for a, b in pairwise(edges) if a < b]


def map_items(
    engine: EngineParameters, work: Callable[[list[Any]], list[Any]], items: Sequence[Any]
) -> list[Any]:
    """Map a function of a list over a list's parts, as forecasters do to estimate processes."""
    size, doing = engine.batch_locations, "Estimating processes"
    parts = [items[first : first + size] for first in range(0, len(items), size)]
    return [each for part in map_batches(work, parts, engine, doing) for each in part]


def _call(work: Callable[..., Any], shared: Sequence[Any], batch: Any) -> Any:
    with one_blas_thread():
        return work(*shared, batch)


def _serial(work: Work, batches: Iterator[Any], *_: Any) -> Iterator[Any]:
    return map(work, batches)


def _joblib(
    work: Work, batches: Iterator[Any], engine: EngineParameters, count: int
) -> Iterator[Any]:
    jobs = min(engine.workers or os.cpu_count() or 1, count)
    return run_jobs((partial(work, batch) for batch in batches), jobs)


def _dask(work: Work, batches: Iterator[Any], engine: EngineParameters, _: int) -> Iterator[Any]:
    """Keep each worker supplied, no more; Dask gives a batch whose worker dies to another."""
    from distributed import CancelledError, KilledWorker

    client: Any = _client(engine.address, engine.workers)
    try:
        # Made by a task, not scattered: when the workers that hold it die, it is made again.
        sent = client.submit(partial, work, pure=False)
        waiting = deque(
            client.submit(call, sent, batch, pure=False)
            for batch in islice(batches, 2 * len(client.ncores()) + 1)
        )
        while waiting:
            yield waiting.popleft().result()
            for batch in islice(batches, 1):
                waiting.append(client.submit(call, sent, batch, pure=False))
    except KilledWorker as error:
        raise PipelineError(
            f"A batch of locations ended every Dask worker that it was given: {error}. Most often "
            "it does not fit in their memory: lower engine.batch_locations or give them more."
        ) from error
    except (CancelledError, OSError) as error:
        raise PipelineError(_unreachable(engine.address, error)) from error


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
        raise PipelineError(_unreachable(address, error)) from error
    atexit.register(client.close)
    logger.info("Dask: %s", client)
    return client


def _unreachable(address: str | None, error: Exception) -> str:
    return (
        f"The Dask scheduler at {address or 'this machine'} does not answer: "
        f"{str(error) or type(error).__name__}. Start it (dask scheduler) with workers that have "
        "this project installed, correct engine.address, or take engine.kind=joblib."
    )


_ENGINES = {"serial": _serial, "joblib": _joblib, "dask": _dask}
