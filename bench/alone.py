"""Measurements in a process of their own, whose peak of memory is that of this work."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def run_alone(module: str, function: str) -> list[Row]:
    """Give the rows of a function of a bench.

    Raises:
        RuntimeError: it failed.
    """
    code = f"import json; from bench import {module}; print(json.dumps({module}.{function}()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{module}, {function}: {done.stderr[-2000:]}")
    rows: list[Row] = json.loads(done.stdout.splitlines()[-1])
    return rows


def peak_mb() -> float:
    """Most memory that this program has held; getrusage would count its parent's from the fork."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return float(status.split("VmHWM:")[1].split()[0]) / 1024
