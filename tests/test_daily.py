"""Runs the documented daily command: it writes everything that the API serves."""

import re
import shlex
from pathlib import Path

import pandas as pd

from tests.api.conftest import open_client
from tests.fixtures.project import ROOT, Project, copy_of

DOCUMENTS = ("README.md", "compose.yaml", "docs/*.md", ".github/workflows/*.yml")
DAYS = ("2024-03-01", "2024-03-02")  # of the main job, and the next


def documented() -> list[str]:
    """Return the arguments of the README's daily command; all documents use the same pipelines."""
    texts = [path.read_text(encoding="utf-8") for name in DOCUMENTS for path in ROOT.glob(name)]
    lists = {name for text in texts for name in re.findall(r"--pipelines[ =]([\w,]+)", text)}
    (daily,) = (name for name in lists if {"ingestion", "batch_inference"} <= set(name.split(",")))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (line,) = re.findall(rf"^kedro (run .*--pipelines {daily} .*)$", readme, re.MULTILINE)
    return shlex.split(line.replace("--env live", "--env test"))


def test_the_daily_command_writes_predictions_observations_and_scores(
    run_project: Project, tmp_path: Path
) -> None:
    project = copy_of(run_project, tmp_path / "project")
    day = f"today={DAYS[-1]},as_of={DAYS[-1]}"
    project.output(*(re.sub("location=.*", day, word) for word in documented()))

    with open_client(project.database_url) as client:
        first, last = (
            client.get(
                "/predictions/observed", params={"location": "northmere", "start": day, "end": day}
            ).json()
            for day in DAYS
        )
    assert [step["observed"] is None for step in first["data"]] == [False] * 8
    assert first["scores"]["count"] == 8
    assert [group["data_age"] for group in first["scores"]["by_data_age"]] == [0]
    assert last["count"] == 8
    assert last["scores"]["count"] == 0  # its day has just begun
    engine = project.engine()
    scores = pd.read_sql("SELECT * FROM forecast_scores", engine)
    engine.dispose()
    assert set(scores["location"]) == {"northmere", "westhaven"}
    assert set(scores["data_age"]) == {0}
