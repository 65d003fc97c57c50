"""Independent tasks in processes of their own, and linear algebra on one thread."""

import ctypes
import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from triptych.execution.progress import log_from_worker

Result = TypeVar("Result")
_IDLE_SECONDS = 20  # TensorFlow takes five to start


def run_jobs(tasks: Iterable[Callable[[], Result]], jobs: int, **loky: Any) -> Iterator[Result]:
    """Run tasks in `jobs` processes, with one here; give their results in the order of the tasks.

    `tasks`: functions that pickle, each taken when it is due. Each process has one thread of linear
    algebra. `loky`: more of its settings.
    """
    from joblib import Parallel, delayed, parallel_config

    with parallel_config("loky", n_jobs=jobs, inner_max_num_threads=1, **loky):
        yield from Parallel(return_as="generator")(delayed(task)() for task in tasks)


def run_networks(tasks: Iterable[Callable[[], Result]], jobs: int) -> Iterator[Result]:
    """Run tasks that load TensorFlow; idle processes end soon, and give its memory back.

    This one first gives back what it has freed: it keeps hundreds of megabytes after large texts.
    """
    gc.collect()
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):  # of glibc
        libc.malloc_trim(0)
    return run_jobs(tasks, jobs, idle_worker_timeout=_IDLE_SECONDS, initializer=log_from_worker)


def one_blas_thread() -> AbstractContextManager[Any]:
    """Limit BLAS to one thread: the same bits at any load, and no threads that wait."""
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(limits=1, user_api="blas")
    return limits
