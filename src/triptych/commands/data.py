"""`kedro data`: data versions in DVC, an optional extra."""

import shutil
import subprocess
import sys
from pathlib import Path

import click
from kedro.framework.startup import ProjectMetadata

from triptych.commands.error_messages import user_errors
from triptych.errors import PipelineError
from triptych.registry.snapshots import FOLDER


@click.group()
def data() -> None:
    """Manage data versions."""


@data.command(name="track")
@click.pass_obj
def track_command(metadata: ProjectMetadata) -> None:
    """Add the stored training rows to DVC and push them to its remote.

    Commit data/snapshots.dvc afterwards to version the data with the code.
    """
    with user_errors():
        track(Path(metadata.project_path))
    click.echo(f"Tracked and pushed. Commit {FOLDER}.dvc to version the data with the code.")


def track(project: Path) -> None:
    """Run `dvc add` and `dvc push` for the training rows; PipelineError says what prevents it."""
    if not (project / FOLDER).is_dir():
        raise PipelineError(f"{FOLDER} does not exist. Train a model first: kedro run.")
    dvc = shutil.which("dvc", path=Path(sys.executable).parent) or shutil.which("dvc")
    if dvc is None:
        raise PipelineError(
            "DVC is not installed (an optional extra). Install it: "
            ".venv/bin/pip install --require-hashes --no-deps -r requirements/dvc.lock"
        )
    for arguments in (["add", "--quiet", str(FOLDER)], ["push", "--quiet", f"{FOLDER}.dvc"]):
        done = subprocess.run(  # noqa: S603 (a program of this environment, no shell)
            [dvc, *arguments], cwd=project, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise PipelineError(
                f"dvc {' '.join(arguments)} failed: {' '.join(done.stderr.split())} The remote is "
                "configured in .dvc/config (dvc remote list)."
            )
