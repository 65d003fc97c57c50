"""The snapshots in DVC, as docs/tracking.md says: a commit names code and data."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.commands import git
from tests.fixtures.project import ROOT, Project
from tests.pipelines.hand_made import history
from triptych.registry.snapshots import FOLDER, SnapshotStore


@pytest.fixture
def repository(project: Project) -> Project:
    """A project under git, with this repository's own settings of git and DVC."""
    shutil.copy(ROOT / ".gitignore", project.path)
    (project.path / ".dvc").mkdir()
    for name in ("config", ".gitignore"):
        shutil.copy(ROOT / ".dvc" / name, project.path / ".dvc")
    git(project.path, "init", "--quiet")
    git(project.path, "add", "conf", ".gitignore", ".dvc", "pyproject.toml")
    git(project.path, "commit", "--quiet", "--no-gpg-sign", "-m", "code")
    return project


def test_a_commit_names_the_data_and_brings_it_back(repository: Project) -> None:
    dvc = shutil.which("dvc", path=Path(sys.executable).parent) or shutil.which("dvc")
    if dvc is None:
        pytest.skip("DVC is not installed (requirements/dvc.lock); it is an optional extra")

    def run_dvc(*arguments: str) -> None:
        subprocess.run([dvc, *arguments, "--quiet"], cwd=repository.path, check=True)

    folder = repository.path / FOLDER
    old = SnapshotStore(folder).store(history("2016-01-01", "2018-01-01"))
    run_dvc("add", str(FOLDER))
    run_dvc("push")
    seen = git(repository.path, "status", "--porcelain", "--untracked-files=all", "data", ".dvc")
    assert seen == "?? data/snapshots.dvc"  # and nothing of the data itself
    git(repository.path, "add", "data/snapshots.dvc")
    git(repository.path, "commit", "--quiet", "--no-gpg-sign", "-m", "data")
    new = SnapshotStore(folder).store(history("2016-01-01", "2018-02-01"))
    run_dvc("add", str(FOLDER))
    run_dvc("push")
    assert git(repository.path, "status", "--porcelain", "data") == "M data/snapshots.dvc"

    shutil.rmtree(folder)
    shutil.rmtree(repository.path / ".dvc" / "cache")
    run_dvc("pull")

    assert len(SnapshotStore(folder).load(old)) == 731 * 8
    assert len(SnapshotStore(folder).load(new)) == 762 * 8
