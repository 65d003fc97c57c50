"""Independent tasks in processes of their own, and linear algebra on one thread."""

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from typing import Any, TypeVar

Result = TypeVar("Result")


def run_jobs(
    tasks: Collection[Callable[[], Result]], jobs: int, threads: int | None = None
) -> Iterator[Result]:
    """Run tasks, `jobs` at a time; give their results in the order of the tasks.

    `tasks`: functions that pickle, each taken when it is due; with one job or task, they run here.
    `threads` of linear algebra in each process: None leaves it to joblib.
    """
    from joblib import Parallel, delayed, parallel_config

    workers = max(1, min(jobs, len(tasks)))
    with parallel_config("loky", n_jobs=workers, inner_max_num_threads=threads):
        yield from Parallel(return_as="generator")(delayed(task)() for task in tasks)


def run_networks(tasks: Collection[Callable[[], Result]], jobs: int) -> Iterator[Result]:
    """Run tasks that load TensorFlow; the processes end with the last, and give its memory back."""
    from joblib.externals.loky import get_reusable_executor

    try:
        yield from run_jobs(tasks, jobs)
    finally:
        if min(jobs, len(tasks)) > 1:
            get_reusable_executor().shutdown(wait=True)


def one_blas_thread() -> AbstractContextManager[Any]:
    """Limit BLAS to one thread: the same bits at any load, and no threads that wait."""
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(limits=1, user_api="blas")
    return limits
