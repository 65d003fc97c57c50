"""What the tests of the store share."""

import pytest
from sqlalchemy import Engine

from tests.store.rows import add_places


@pytest.fixture
def places(engine: Engine) -> Engine:
    """A database that knows Paris and Brest."""
    add_places(engine, "paris", "brest")
    return engine
