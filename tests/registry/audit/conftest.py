"""A project in a git repository, and what trains in it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.project import Project
from tests.registry.reproduction.conftest import (
    tracked,  # noqa: F401 (a fixture)
    train,  # noqa: F401 (a fixture)
)
from triptych.registry.models import ModelRegistry
from triptych.store.database import close_database, open_database


def git(folder: Path, *arguments: str) -> str:
    names = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    command = ["git", "-C", str(folder), *names, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def committed(project: Project) -> str:
    """Commit the project's files; the commit's name."""
    git(project.path, "init", "--quiet")
    git(project.path, "add", "pyproject.toml")
    git(project.path, "commit", "--quiet", "--message", "all of it")
    return git(project.path, "rev-parse", "HEAD")


@pytest.fixture
def registry(project: Project) -> Iterator[ModelRegistry]:
    """The project's register."""
    yield ModelRegistry(open_database(project.database_url), project.path)
    close_database(project.database_url)
