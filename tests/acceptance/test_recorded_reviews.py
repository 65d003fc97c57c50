"""The nlp pipeline on recorded film reviews: accuracy, calibration, what it takes."""

import json
import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.acceptance.review_results import write_results
from tests.fixtures.project import Project, make_project

pytestmark = pytest.mark.acceptance_nlp

GOAL = 0.89  # of the best classical model, on the 397


@dataclass(frozen=True)
class ReviewRun:
    """The pipeline on the recorded reviews: its project, its time and its memory."""

    project: Project
    seconds: float
    peak_mb: float

    def table(self, name: str) -> pd.DataFrame:
        """Read a report."""
        return pd.read_csv(self.project.path / "data" / "08_reporting" / f"{name}.csv")

    def choice(self, name: str) -> Any:
        """Read what was chosen."""
        file = self.project.path / "data" / "06_models" / f"{name}.json"
        return json.loads(file.read_text(encoding="utf-8"))

    @property
    def chosen(self) -> "pd.Series[Any]":
        """The scores of the chosen model on the reviews that nothing has learned from."""
        table = self.table("text_comparison").set_index(["model", "split"])
        row: pd.Series[Any] = table.loc[(self.choice("text_ranking")[0], "val")]
        return row


@pytest.fixture(scope="session")
def review_run(tmp_path_factory: pytest.TempPathFactory) -> ReviewRun:
    """Run the pipeline, or skip and say so."""
    folder = os.environ.get("TRIPTYCH_REAL_DATA")
    if not folder:
        pytest.skip("TRIPTYCH_REAL_DATA names no folder of recorded data")
    project = make_project(tmp_path_factory.mktemp("reviews") / "project")
    started = time.monotonic()
    result = project.kedro(
        "run", "--env", "live", "--pipeline", "nlp", timeout=2400,
        TRIPTYCH_REAL_DATA=str(Path(folder).resolve()),
    )  # fmt: skip
    assert result.returncode == 0, result.stdout
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return ReviewRun(project, time.monotonic() - started, peak_mb)


def test_results_are_written(review_run: ReviewRun) -> None:
    table = write_results(
        review_run.table("text_comparison"),
        review_run.choice("text_ranking"),
        review_run.choice("blend_members"),
        review_run.table("text_learning_curve"),
    )
    assert {row["n"] for row in table["rows"] if row["split"] == "val"} == {397}


def test_the_chosen_model_is_accurate(review_run: ReviewRun) -> None:
    assert review_run.chosen["n"] == 397
    assert review_run.chosen["accuracy"] >= GOAL


def test_its_probabilities_mean_what_they_say(review_run: ReviewRun) -> None:
    assert review_run.chosen["brier"] <= 0.10
    assert review_run.chosen["calibration_error"] <= 0.08


def test_nothing_is_lost(review_run: ReviewRun) -> None:
    kept = review_run.table("review_summary")["n"].sum()
    assert kept + len(review_run.table("rejected_reviews")) == 1997


def test_time_and_memory(review_run: ReviewRun) -> None:
    assert review_run.seconds <= 1200
    assert review_run.peak_mb <= 3000
