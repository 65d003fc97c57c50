"""Whole commands: start-up, the main job, ingestion of ten years over HTTP."""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.archive import serve_sample
from tests.fixtures.project import Project, make_project

_ROUNDS = 3
_TEN_YEARS = (
    "as_of=2020-01-01,forecast.train_start=2010-01-01,forecast.validation_start=2017-01-01,"
    "forecast.test_start=2019-01-01,location=paris"
)
_INGESTION = ("run", "--env", "live", "--pipelines", "ingestion", "--params", _TEN_YEARS)


@dataclass(frozen=True)
class _Ran:
    """A command that has run: its duration, that of its pipeline, its peak of memory."""

    seconds: float
    pipeline_seconds: float
    peak_mb: float


def measure() -> list[dict[str, Any]]:
    """Medians of three rounds, each in a new project."""
    imports = statistics.median(_imports() for _ in range(_ROUNDS))
    rounds = [_round() for _ in range(_ROUNDS)]
    median = {name: statistics.median(r[name] for r in rounds) for name in rounds[0]}
    beside = f"at most 10, or 1.5 × the bare imports of kedro and mlflow ({imports:.1f})"
    return [
        _row("kedro run on the sample", median["run"], "s", "at most 120"),
        _row("kedro run on the sample, start-up to the first node", median["start"], "s", beside),
        _row("kedro run on the sample, peak memory", median["run_memory"], "MB", "no limit set"),
        _row("ingestion: one city, ten years, nine variables", median["first"], "s", "at most 10"),
        _row("ingestion, peak memory", median["memory"], "MB", "at most 500"),
        _row("ingestion again, without a request", median["again"], "s", "at most 3"),
    ]


def _round() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(Path(folder) / "project")
        main_job = _run(project, "run")
        server = serve_sample()
        live = {"TRIPTYCH_OPEN_METEO_URL": f"http://127.0.0.1:{server.server_port}"}
        first = _run(project, *_INGESTION, **live)
        again = _run(project, *_INGESTION, **live)
        server.shutdown()
        server.server_close()
    return {
        "run": main_job.seconds,
        "run_memory": main_job.peak_mb,
        "start": main_job.seconds - main_job.pipeline_seconds,
        "first": first.pipeline_seconds,
        "memory": first.peak_mb,
        "again": again.pipeline_seconds,
    }


def _run(project: Project, *command: str, **variables: str) -> _Ran:
    log = project.path / "bench.log"
    started = time.monotonic()
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("kedro")), *command],
            cwd=project.path,
            env=project.environment(**variables),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - started
    text = log.read_text()
    if status:
        raise RuntimeError(f"kedro {' '.join(command)} failed:\n{text}")
    (pipeline,) = re.findall(r"execution completed successfully in ([\d.]+) sec", text)
    return _Ran(seconds, float(pipeline), usage.ru_maxrss / 1024)


def _imports() -> float:
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", "import kedro.framework.cli, mlflow"], check=True)
    return time.monotonic() - started


def _row(what: str, value: float, unit: str, beside: str) -> dict[str, Any]:
    return {"what": what, "value": round(value, 2), "unit": unit, "beside": beside}
