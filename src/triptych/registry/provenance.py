"""Where a model comes from: which rows, which code."""

import hashlib
import os
import subprocess
from pathlib import Path

import pandas as pd


def frame_sha256(frame: pd.DataFrame) -> str:
    """Digest the rows of a frame: names, types, values and order, whatever file they came from."""
    digest = hashlib.sha256()
    for name in frame.columns:
        column = frame[name]
        digest.update(f"{name}:{column.dtype}".encode())
        digest.update(pd.util.hash_pandas_object(column, index=False).to_numpy().tobytes())
    return digest.hexdigest()


def git_commit(project: Path) -> str:
    """Name the commit of the code, with `+changes` if files differ from it.

    An image has no repository: there TRIPTYCH_VERSION says what it was built from.
    """
    try:
        commit = _git(project, "rev-parse", "HEAD")
        changed = _git(project, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return os.environ.get("TRIPTYCH_VERSION", "unknown")
    return f"{commit}+changes" if changed else commit


def _git(project: Path, *arguments: str) -> str:
    command = ["git", "-C", str(project), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
