"""Rows of results, time and memory measurements, and measurements in separate processes."""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "results"

Row = dict[str, Any]


class Stopwatch:
    """Adds up the seconds of several measured parts."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Measure the block."""
        started = time.perf_counter()
        yield
        self.seconds += time.perf_counter() - started


def row(what: str, value: float, unit: str, beside: str = "no limit", digits: int = 2) -> Row:
    """Return one result; `beside` is its limit or reference."""
    return {"what": what, "value": round(value, digits), "unit": unit, "beside": beside}


def rate(what: str, seconds: float, number: int, of: str, target: str = "") -> Row:
    """Return the seconds for a number of items, with items per second and peak memory.

    `number` is used to compute growth and removed before writing. The target applies to at least
    100,000 items: with fewer, constant costs dominate.
    """
    rates = f"{number / seconds:,.0f} {of}/s; peak {peak_mb():,.0f} MB"
    beside = f"{rates}; {target}" if target and number >= 100_000 else rates
    return row(what, seconds, "s", beside, digits=3) | {"number": number}


def peak_mb() -> float:
    """Return this process's peak memory; getrusage would include its parent's before the fork."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return float(status.split("VmHWM:")[1].split()[0]) / 1024


def run_isolated(module: str, function: str, *arguments: str) -> Any:
    """Run a benchmark function in a separate process, for its own peak memory.

    Raises:
        RuntimeError: The process failed.
    """
    called = f"{module}.{function}(*{arguments!r})"
    code = f"import json; from bench import {module}; print(json.dumps({called}))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{called}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def write(name: str, rows: list[Row], data: str) -> Path:
    """Write docs/results/NAME.json with commit and versions."""
    from triptych.registry.provenance import git_commit

    result = {
        "rows": rows,
        "data": data,
        "commit": git_commit(ROOT),
        "versions": {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "cores": os.cpu_count(),
        },
    }
    file = FOLDER / f"{name}.json"
    file.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return file
