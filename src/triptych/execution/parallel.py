"""Independent tasks in processes of their own, and linear algebra on one thread."""

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from triptych.execution.progress import log_from_worker

Result = TypeVar("Result")
_IDLE_SECONDS = 20  # TensorFlow takes five to start


def run_jobs(
    tasks: Collection[Callable[[], Result]], jobs: int, threads: int | None = None
) -> Iterator[Result]:
    """Run tasks, `jobs` at a time; give their results in the order of the tasks.

    `tasks`: functions that pickle, each taken when it is due; with one job or task, they run here.
    `threads` of linear algebra in each process: None leaves it to joblib.
    """
    return _run(tasks, max(1, min(jobs, len(tasks))), inner_max_num_threads=threads)


def run_networks(tasks: Collection[Callable[[], Result]], jobs: int) -> Iterator[Result]:
    """Run tasks that load TensorFlow, one task too in a process of its own unless `jobs` is one.

    Idle processes end soon, and give its memory back.
    """
    return _run(tasks, jobs, idle_worker_timeout=_IDLE_SECONDS, initializer=log_from_worker)


def _run(tasks: Collection[Callable[[], Result]], workers: int, **loky: Any) -> Iterator[Result]:
    from joblib import Parallel, delayed, parallel_config

    with parallel_config("loky", n_jobs=workers, **loky):
        yield from Parallel(return_as="generator")(delayed(task)() for task in tasks)


def one_blas_thread() -> AbstractContextManager[Any]:
    """Limit BLAS to one thread: the same bits at any load, and no threads that wait."""
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(limits=1, user_api="blas")
    return limits
