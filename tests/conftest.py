"""What all tests share."""

import logging
from collections.abc import Iterator

import pytest

pytest_plugins = [
    "tests.fixtures.databases", "tests.fixtures.project", "tests.fixtures.tracking",
    "tests.weather.archive_server",
]  # fmt: skip
_CONFIGURED = ("", "triptych", "kedro")


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Undo what Kedro and the commands change of the logging of their process."""
    loggers = [logging.getLogger(name) for name in _CONFIGURED]
    before = [(each, each.level, each.propagate, set(each.handlers)) for each in loggers]
    yield
    for each, level, propagate, handlers in before:
        each.setLevel(level)
        each.propagate = propagate
        for handler in set(each.handlers) - handlers:
            each.removeHandler(handler)
