"""Rows of results, and what they are made of."""

import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.alone import Row, peak_mb


class Stopwatch:
    """Seconds of what is measured, without what is not."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count what happens within."""
        started = time.perf_counter()
        yield
        self.seconds += time.perf_counter() - started


def row(what: str, value: float, unit: str, beside: str) -> Row:
    """One figure."""
    return {"what": what, "value": round(value, 3), "unit": unit, "beside": beside}


def rate(what: str, seconds: float, number: int, of: str, target: str = "") -> Row:
    """Seconds for so many things, with things a second and the process' peak of memory.

    `number` stays in the row until it is written: it is what growth is reckoned by. A target is
    for a hundred thousand things or more: before, what is done once is most of the time.
    """
    told = f"{number / seconds:,.0f} {of}/s; peak {peak_mb():,.0f} MB"
    beside = f"{told}; {target}" if target and number >= 100_000 else told
    return row(what, seconds, "s", beside) | {"number": number}


def versions() -> dict[str, Any]:
    """What figures depend on, beside the code."""
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
    }
