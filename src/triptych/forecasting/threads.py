"""Linear algebra on one thread: sums keep their order, and a busy machine does not stall them."""

from contextlib import AbstractContextManager
from typing import Any


def one_blas_thread() -> AbstractContextManager[Any]:
    """Hold BLAS to one thread within a `with`, so that a fit is the same bits on any machine load.

    With two, the last bits of a product depend on how the threads share it, and the threads of a
    busy machine wait for each other up to twenty times longer than they work.
    """
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(limits=1, user_api="blas")
    return limits
