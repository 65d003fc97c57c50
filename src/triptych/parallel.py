"""Independent pieces of work in processes of their own, in order, as they are done."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Result = TypeVar("Result")


def run_jobs(tasks: Sequence[Callable[[], Result]], jobs: int) -> Iterator[Result]:
    """Run tasks, `jobs` at a time; give their results in the order of the tasks.

    Args:
        tasks: functions that pickle; they share nothing.
        jobs: processes; with one, or one task, all runs here.
    """
    from joblib import Parallel, delayed

    workers = min(jobs, len(tasks))
    yield from Parallel(n_jobs=max(workers, 1), return_as="generator")(
        delayed(_run)(task) for task in tasks
    )


def _run(task: Callable[[], Result]) -> Result:
    return task()
