"""The vision pipeline on recorded photos: accuracy, what it takes, and that it tells all."""

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.acceptance.photo_results import FILE, write_results
from tests.fixtures.memory import watch_memory
from tests.fixtures.project import Project, make_project
from triptych.classification.significance import mcnemar

pytestmark = pytest.mark.acceptance_vision

GOAL, GOAL_CNN = 0.985, 0.975  # of the best model, and of our own network, on Teste
PHOTOS = 2436
TABLES = (
    "comparison", "effects", "class_scores", "accuracy_by_origin", "deletions", "pairs", "curves",
    "confusion",
)  # fmt: skip


@dataclass(frozen=True)
class PhotoRun:
    """The pipeline on the recorded photos: its project, its time and its memory."""

    project: Project
    seconds: float
    peak_mb: float

    def table(self, name: str) -> pd.DataFrame:
        """Read a report."""
        return pd.read_csv(self.project.path / "data" / "08_reporting" / f"{name}.csv")

    def splits(self) -> pd.DataFrame:
        """Count photos and groups of near-duplicates that were used, by split."""
        photos = pd.read_parquet(self.project.path / "data/05_model_input/selected_photos.parquet")
        groups = photos.groupby("split", sort=False)
        return groups.agg(n=("item", "size"), groups=("group", "nunique")).reset_index()

    @property
    def ranking(self) -> list[str]:
        """All models, best on validation first."""
        file = self.project.path / "data" / "06_models" / "photo_ranking.json"
        return list(json.loads(file.read_text(encoding="utf-8")))

    def score(self, model: str) -> "pd.Series[Any]":
        """The scores of a model on the photos that nothing has learned from."""
        table = self.table("photo_comparison").set_index(["model", "split"])
        row: pd.Series[Any] = table.loc[(model, "test")]
        return row


@pytest.fixture(scope="session")
def photo_run(tmp_path_factory: pytest.TempPathFactory) -> PhotoRun:
    """Run the pipeline, or skip and say so."""
    folder = os.environ.get("TRIPTYCH_REAL_DATA")
    if not folder:
        pytest.skip("TRIPTYCH_REAL_DATA names no folder of recorded data")
    project = make_project(tmp_path_factory.mktemp("photos") / "project")
    started = time.monotonic()
    with watch_memory() as memory:
        result = project.kedro(
            "run", "--env", "live", "--pipeline", "vision", timeout=2400,
            TRIPTYCH_REAL_DATA=str(Path(folder).resolve()),
        )  # fmt: skip
    assert result.returncode == 0, result.stdout
    return PhotoRun(project, time.monotonic() - started, memory.peak_mb)


def test_results_are_written(photo_run: PhotoRun) -> None:
    written = write_results(
        photo_run.ranking,
        {name: photo_run.table(f"photo_{name}") for name in TABLES}
        | {"splits": photo_run.splits()},
        {"seconds": round(photo_run.seconds), "peak_mb": round(photo_run.peak_mb)},
    )
    assert {row["n"] for row in written["rows"] if row["split"] == "test"} == {348}


def test_the_chosen_model_is_accurate(photo_run: PhotoRun) -> None:
    best, colour = photo_run.score(photo_run.ranking[0]), photo_run.score("colour_histogram")
    assert best["accuracy"] >= GOAL
    assert best["accuracy_low"] > colour["accuracy_high"]


def test_the_harder_colour_baseline_is_not_hidden(photo_run: PhotoRun) -> None:
    """Whether the best is above it or not: its scores and McNemar's test are in the results."""
    written = json.loads(FILE.read_text(encoding="utf-8"))
    (pair,) = (
        row for row in written["pairs"] if (row["other"], row["split"]) == ("colour_joint", "test")
    )
    best, joint = photo_run.score(photo_run.ranking[0]), photo_run.score("colour_joint")
    assert pair["model"] == written["chosen"] == photo_run.ranking[0]
    assert pair["difference"] == pytest.approx(best["accuracy"] - joint["accuracy"], abs=1e-4)
    assert pair["p_exact"] == pytest.approx(
        mcnemar(pair["only_model"], pair["only_other"])[0], abs=1e-4
    )


def test_our_own_network_is_accurate(photo_run: PhotoRun) -> None:
    assert photo_run.score("cnn")["accuracy"] >= GOAL_CNN


def test_nothing_is_lost_and_no_group_is_in_two_splits(photo_run: PhotoRun) -> None:
    kept = photo_run.table("photo_summary")["n"].sum()
    assert kept + len(photo_run.table("rejected_photos")) == PHOTOS
    photos = pd.read_parquet(photo_run.project.path / "data" / "03_primary" / "photos.parquet")
    assert photos.groupby("group")["split"].nunique().max() == 1


def test_what_lime_marks_matters_more_than_chance(photo_run: PhotoRun) -> None:
    deletions = photo_run.table("photo_deletions")
    assert deletions["lime_drop"].mean() > deletions["random_drop"].mean()


def test_time_and_memory(photo_run: PhotoRun) -> None:
    assert photo_run.seconds <= 1200
    assert photo_run.peak_mb <= 3000
