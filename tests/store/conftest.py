"""What the tests of the store share."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.store.rows import add_places
from triptych.store.engine import create_engine


@pytest.fixture
def places(engine: Engine) -> Engine:
    """A database that knows Paris and Brest."""
    add_places(engine, "paris", "brest")
    return engine


@pytest.fixture
def empty(database_url: str) -> Iterator[Engine]:
    """The engine of a database without tables."""
    opened = create_engine(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def empty_postgresql(postgresql_url: str) -> Iterator[Engine]:
    """The engine of a PostgreSQL database without tables."""
    opened = create_engine(postgresql_url)
    yield opened
    opened.dispose()
