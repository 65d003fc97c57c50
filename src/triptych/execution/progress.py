"""Progress of work that may take longer than a few seconds."""

import logging
import sys
import time
from collections.abc import Generator, Iterable, Iterator, Sized
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from multiprocessing import parent_process
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from rich.console import Console

logger = logging.getLogger(__name__)

Item = TypeVar("Item")

LOG_SECONDS = 10.0  # between two log lines


def track(
    items: Iterable[Item], description: str, total: int | None = None
) -> Generator[Item, None, None]:
    """Yield the items, and show how many are done (each when the next is asked for) and how long
    the others will take: a live line in a terminal, otherwise a log line every LOG_SECONDS.

    `total`: number of items, if they do not know it themselves. Worker processes only log.
    """
    count = len(cast("Sized", items)) if total is None else total
    show = _show if sys.stderr.isatty() and parent_process() is None else _log
    yield from show(items, description, count)


def log_from_worker() -> None:
    """Log in a worker process as its parent does, above the live line of a terminal."""
    line = "%(asctime)s %(levelname)-7s %(message)s"
    clear = "\r\033[K" if sys.stderr.isatty() else ""
    logging.basicConfig(format=clear + line, datefmt="%H:%M:%S")
    logging.getLogger("triptych").setLevel(logging.INFO)


def _show(items: Iterable[Item], description: str, total: int) -> Iterator[Item]:
    from rich import progress

    columns = (
        progress.SpinnerColumn(), progress.TextColumn("{task.description}"), progress.BarColumn(),
        progress.TaskProgressColumn(), progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(elapsed_when_finished=True),
    )  # fmt: skip
    with progress.Progress(*columns, console=_console(), transient=True) as live, _log_above():
        yield from live.track(items, total, description=description)


@cache
def _console() -> "Console":
    """One console: it stacks the live lines of nested work."""
    from rich.console import Console

    return Console(stderr=True)


@contextmanager
def _log_above() -> Iterator[None]:
    """Send the log to the present sys.stderr, which prints above the live line."""
    handlers = logging.getLogger().handlers
    streams = {
        handler: handler.setStream(sys.stderr)
        for handler in handlers
        if isinstance(handler, logging.StreamHandler)
    }
    try:
        yield
    finally:
        for handler, stream in streams.items():
            if stream is not None:
                handler.setStream(stream)


def _log(items: Iterable[Item], description: str, total: int) -> Iterator[Item]:
    started = reported = time.monotonic()
    for done, item in enumerate(items):
        now = time.monotonic()
        if done and now - reported >= LOG_SECONDS:
            reported = now
            left = timedelta(seconds=round((now - started) / done * (total - done)))
            logger.info(
                "%s: %s of %s (%.0f %%), %s left",
                description, f"{done:,}", f"{total:,}", 100 * done / total, left,
            )  # fmt: skip
        yield item
