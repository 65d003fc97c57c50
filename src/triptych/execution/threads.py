"""Linear algebra on one thread: sums keep their order, and a busy machine does not stall them."""

from contextlib import AbstractContextManager
from typing import Any


def one_blas_thread() -> AbstractContextManager[Any]:
    """Limit BLAS to one thread: the same bits at any load, and no waiting threads on a busy
    machine.
    """
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(limits=1, user_api="blas")
    return limits
