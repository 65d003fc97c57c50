"""Fixtures and hooks for all tests."""

import gc
import logging
from collections.abc import Iterator

import pytest

pytest_plugins = [
    "tests.fixtures.databases", "tests.fixtures.project", "tests.fixtures.tracking",
    "tests.weather.archive_server",
]  # fmt: skip
_CONFIGURED = ("", "triptych", "kedro")


def pytest_collection_finish() -> None:
    """Exclude all imported modules from garbage collection, which takes 8 % of the time."""
    gc.freeze()


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    """Undo changes of Kedro and the commands to the logging of this process."""
    loggers = [logging.getLogger(name) for name in _CONFIGURED]
    before = [(logger, logger.level, logger.propagate, set(logger.handlers)) for logger in loggers]
    yield
    for logger, level, propagate, handlers in before:
        logger.setLevel(level)
        logger.propagate = propagate
        for handler in set(logger.handlers) - handlers:
            logger.removeHandler(handler)
