"""The API on a small database, on SQLite and on PostgreSQL; it only reads, so tests share it."""

import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.app import Settings, create_app
from tests.api.tables import create_filled, fill
from tests.fixtures.databases import create_schema
from tests.fixtures.serving import Process, serving

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it would rather be used with httpx2
    from starlette.testclient import TestClient

KINDS = ["sqlite", "postgresql"]


@pytest.fixture(scope="session")
def filled_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a SQLite file that holds what `tests.api.tables` describes, to read or to copy."""
    file = tmp_path_factory.mktemp("api") / "triptych.db"
    create_filled(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session", params=KINDS)
def filled_url(request: pytest.FixtureRequest) -> str:
    """Give the URL of a filled database of each kind, to read."""
    if request.param == "sqlite":
        return f"sqlite:///{request.getfixturevalue('filled_template')}"
    url = create_schema(request.getfixturevalue("postgresql_server"))
    create_filled(url)
    return url


@pytest.fixture(scope="session")
def client(filled_url: str) -> Iterator[Any]:
    """Give a client of the API on the filled database."""
    with open_client(filled_url) as opened:
        yield opened


@pytest.fixture
def sqlite_file(filled_template: Path, tmp_path: Path) -> Path:
    """Give a filled SQLite file of the test's own, to break."""
    return Path(shutil.copy(filled_template, tmp_path))


def open_client(url: str, **settings: Any) -> Any:
    """Make a client whose API starts when it is entered, and stops when it is left."""
    return TestClient(create_app(Settings(database_url=url, **settings)))


@pytest.fixture
def url(engine: Any) -> str:
    """Give the URL of a filled database of the test's own, `engine`, to write to."""
    fill(engine)
    return str(engine.url.render_as_string(hide_password=False))


@pytest.fixture
def own_client(url: str) -> Iterator[Any]:
    """Give a client of the API on that database."""
    with open_client(url) as opened:
        yield opened


@pytest.fixture(scope="session")
def served(
    filled_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Process]]:
    """Start the API on the filled file, to read; give its address and process."""
    log = tmp_path_factory.mktemp("served") / "log"
    with serving(f"sqlite:///{filled_template}", log) as running:
        yield running
