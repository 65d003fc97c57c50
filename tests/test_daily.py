"""Runs the documented daily command for two days: it produces all that the API serves."""

import re
import shlex
from pathlib import Path
from typing import Any

import pandas as pd

from tests.api.conftest import open_client
from tests.fixtures.project import ROOT, Project, copy_of

DOCUMENTS = ("README.md", "compose.yaml", "docs/*.md", ".github/workflows/*.yml")
DAYS = ("2024-03-02", "2024-03-03")  # the day after the study of the fixture, and the next


def daily_commands() -> set[str]:
    """Return the documented pipeline lists that ingest and forecast."""
    texts = [path.read_text(encoding="utf-8") for name in DOCUMENTS for path in ROOT.glob(name)]
    found = {name for text in texts for name in re.findall(r"--pipelines[ =]([\w,]+)", text)}
    return {name for name in found if {"ingestion", "batch_inference"} <= set(name.split(","))}


def documented() -> list[str]:
    """Return the arguments of the README's daily command; all documents use the same pipelines."""
    (pipelines,) = daily_commands()
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (line,) = re.findall(rf"^kedro (run .*--pipelines {pipelines} .*)$", text, re.MULTILINE)
    return shlex.split(line)


def observed(project: Project, location: str, day: str) -> Any:
    with open_client(project.database_url) as client:
        asked = {"location": location, "start": day, "end": day}
        return client.get("/predictions/observed", params=asked).json()


def test_the_daily_command_gives_predictions_observations_and_scores(
    run_project: Project, tmp_path: Path
) -> None:
    project = copy_of(run_project, tmp_path / "project")
    command = [{"live": "test"}.get(word, word) for word in documented()]

    for day in DAYS:
        asked = [re.sub("location=.*", f"today={day},as_of={day}", word) for word in command]
        result = project.kedro(*asked)
        assert result.returncode == 0, result.stdout

    first, last = (observed(project, "northmere", day) for day in DAYS)
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
