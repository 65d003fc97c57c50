"""Where a model comes from: which rows, which code."""

import hashlib
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd


def frame_sha256(frame: pd.DataFrame) -> str:
    """Digest the rows of a frame: names, types, values and order, whatever file they came from.

    It is taken of the values themselves, so that no later pandas can change it.
    """
    digest = hashlib.sha256()
    for name in frame.columns:
        column = frame[name]
        digest.update(f"{name}:{column.dtype}:{len(column)}\n".encode())
        digest.update(_bytes(column))
    return digest.hexdigest()


def _bytes(column: pd.Series) -> bytes:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    if not isinstance(column.dtype, np.dtype) or column.dtype == object:
        return json.dumps([None if pd.isna(v) else str(v) for v in column]).encode()
    values = column.to_numpy()
    if np.issubdtype(values.dtype, np.floating):
        # one pattern of bits for whatever is missing
        values = np.where(np.isnan(values), np.nan, values)
    return values.astype(values.dtype.newbyteorder("<")).tobytes()


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
