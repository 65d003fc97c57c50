"""Complete commands: start-up, the main job, ingestion of ten years over HTTP."""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.archive import serve_sample
from bench.results import Row, row
from tests.fixtures.project import Project, make_project

ROUNDS = 3
TEN_YEARS = (
    "as_of=2020-01-01,forecast.train_start=2010-01-01,forecast.validation_start=2017-01-01,"
    "forecast.test_start=2019-01-01,location=paris"
)
INGESTION = ("run", "--env", "live", "--pipelines", "ingestion", "--params", TEN_YEARS)


def measure() -> list[Row]:
    """Return medians of three rounds, each in a new project."""
    imports = statistics.median(_import_seconds() for _ in range(ROUNDS))
    rounds = [_round() for _ in range(ROUNDS)]
    median = {name: statistics.median(values[name] for values in rounds) for name in rounds[0]}
    start = f"at most 10, or 1.5 × the imports of kedro and mlflow ({imports:.1f})"
    run = "kedro run on the sample"
    bare = f"at most 3 × the imports of kedro and mlflow ({imports:.1f})"
    return [
        row(run, median["run"], "s", "at most 60"),
        row(f"{run}, --pipeline preprocessing", median["preprocessing"], "s", bare),
        *(row(f"{run}, --pipeline {name}", _study(name), "s", "at most 60")
          for name in ("nlp", "vision")),
        row(f"{run}, start-up to the first node", median["start"], "s", start),
        row(f"{run}, peak memory", median["run_memory"], "MB"),
        row("ingestion: one city, ten years, nine variables", median["first"], "s", "at most 10"),
        row("ingestion, peak memory", median["memory"], "MB", "at most 500"),
        row("ingestion again, without a request", median["again"], "s", "at most 3"),
    ]  # fmt: skip


def _round() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(Path(folder) / "project")
        run, run_pipeline, run_memory = _run(project, "run")
        preprocessing, _, _ = _run(project, "run", "--pipeline", "preprocessing")
        server = serve_sample()
        live = {"TRIPTYCH_OPEN_METEO_URL": f"http://127.0.0.1:{server.server_port}"}
        _, first, memory = _run(project, *INGESTION, **live)
        _, again, _ = _run(project, *INGESTION, **live)
        server.shutdown()
        server.server_close()
    return {
        "run": run, "run_memory": run_memory, "start": run - run_pipeline,
        "preprocessing": preprocessing,
        "first": first, "memory": memory, "again": again,
    }  # fmt: skip


def _study(pipeline: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(Path(folder) / "project")
        return _run(project, "run", "--pipeline", pipeline)[0]


def _run(project: Project, *command: str, **variables: str) -> tuple[float, float, float]:
    """Return seconds of the command, seconds of its pipeline, and peak memory in MB."""
    log = project.path / "bench.log"
    started = time.monotonic()
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("kedro")), *command],
            cwd=project.path,
            env=project.environment(PYTHONDONTWRITEBYTECODE="", **variables),  # as users have it
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - started
    text = log.read_text()
    if status:
        raise RuntimeError(f"kedro {' '.join(command)} failed:\n{text}")
    (pipeline,) = re.findall(r"execution completed successfully in ([\d.]+) sec", text)
    return seconds, float(pipeline), usage.ru_maxrss / 1024


def _import_seconds() -> float:
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", "import kedro.framework.cli, mlflow"], check=True)
    return time.monotonic() - started
