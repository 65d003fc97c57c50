"""The nlp pipeline on real film reviews, both data sets: results beside targets, time, memory.

The 397 reviews of `val` are a development set; a missed target is printed, not an error. What is
asserted is that nothing falls far behind.
"""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import select

from notebooks.execute import REVIEWS
from tests.acceptance.review_results import FILE, write_results
from tests.fixtures.memory import watch_memory
from tests.fixtures.project import Project, make_project
from triptych.execution.parallel import run_networks
from triptych.nlp.published import RNN_CURVE, TFIDF_CURVE
from triptych.nlp.storage import load_classifier
from triptych.store.tables import models, text_predictions

pytestmark = pytest.mark.acceptance_nlp

DATASETS = ("reviews", "reviews_large")
TARGETS = {
    ("reviews", "best_lstm"): 0.895,
    ("reviews_large", "best_classical"): 0.92,
    ("reviews_large", "best_lstm"): 0.915,
    ("reviews_large", "blend"): 0.925,
}
SECONDS, MEGABYTES, PER_SECOND = 1800, 3000, 5000
FLOORS = {"reviews": 0.86, "reviews_large": 0.90}  # of accuracy; the targets are 0.895 to 0.925
QUOTED = 8  # reviews of `reviews` (MIT) in the notebook


@dataclass(frozen=True)
class ReviewRun:
    """The pipeline on real reviews: its project, its time and its memory."""

    dataset: str
    project: Project
    seconds: float
    cpu_seconds: float
    peak_mb: float

    def table(self, name: str) -> pd.DataFrame:
        """Read a report."""
        return pd.read_csv(self.project.path / "data" / "08_reporting" / f"{name}.csv")

    def choice(self, name: str) -> Any:
        """Read what was chosen."""
        file = self.project.path / "data" / "06_models" / f"{name}.json"
        return json.loads(file.read_text(encoding="utf-8"))

    @property
    def names(self) -> dict[str, str]:
        """The models of the targets, selected in cross-validation."""
        ranking = self.choice("text_ranking")
        lstm = next(name for name in ranking if name.startswith("lstm"))
        classical = next(name for name in ranking if not name.startswith(("lstm", "blend")))
        found = {"best_classical": classical, "best_lstm": lstm, "chosen": ranking[0]}
        return found | ({"blend": "blend"} if "blend" in ranking else {})

    @property
    def scores(self) -> pd.DataFrame:
        """The scores of every model on the development set."""
        table = self.table("text_comparison")
        return table[table["split"] == "val"].set_index("model")

    def folder(self, name: str) -> Path:
        """The files of a fitted model."""
        return next((self.project.path / "data" / "06_models").glob(f"*_model*/{name}"))


@pytest.fixture(scope="session", params=DATASETS)
def review_run(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ReviewRun]:
    """Run the pipeline on a data set, or skip and say so."""
    folder = os.environ.get("TRIPTYCH_REAL_DATA")
    if not folder:
        pytest.skip("TRIPTYCH_REAL_DATA names no folder of recorded data")
    if not (Path(folder) / request.param).is_dir():
        pytest.skip(f"TRIPTYCH_REAL_DATA has no folder {request.param}")
    project = make_project(tmp_path_factory.mktemp(request.param) / "project")
    started = time.monotonic()
    with watch_memory() as memory:
        project.output(
            "run", "--env", "live", "--pipeline", "nlp", "--params",
            f"nlp.dataset={request.param}", timeout=7200, forked=False,
            TRIPTYCH_REAL_DATA=str(Path(folder).resolve()),
        )  # fmt: skip
    seconds = time.monotonic() - started, sum(memory.cpu_seconds.values())
    yield ReviewRun(request.param, project, *seconds, memory.peak_mb)


TABLES = (
    "text_comparison", "text_learning_curve", "lstm_summary", "mcnemar_tests",
    "vocabulary_coverage", "nested_selection", "review_summary",
)  # fmt: skip


def test_results_are_written_and_printed_beside_the_targets(
    review_run: ReviewRun, capsys: pytest.CaptureFixture[str]
) -> None:
    names, accuracy = review_run.names, review_run.scores["accuracy"]
    speed = {kind: reviews_per_second(review_run.folder(name)) for kind, name in names.items()}
    run = {
        "seconds": round(review_run.seconds),
        "cpu_seconds": round(review_run.cpu_seconds),
        "peak_mb": round(review_run.peak_mb),
        "reviews_per_second": speed,
    }
    choices = {**names, "blend": review_run.choice("blend_members")}
    rows = write_results(
        review_run.dataset, {name: review_run.table(name) for name in TABLES}, choices, run
    )
    lines = [("study, minutes", review_run.seconds / 60, SECONDS / 60, True),
             ("the same of two busy cores", review_run.cpu_seconds / 120, SECONDS / 60, True),
        ("peak memory, MB", review_run.peak_mb, MEGABYTES, True)]  # fmt: skip
    for kind, name in names.items():
        goal = TARGETS.get((review_run.dataset, kind))
        lines.append(
            (f"{kind} ({name}), accuracy %", 100 * accuracy[name], goal and 100 * goal, False)
        )
        lines.append((f"{kind}, reviews/s, two processes", speed[kind], PER_SECOND, False))
    with capsys.disabled():
        print(f"\n{review_run.dataset}: measured, target")  # noqa: T201
        for what, value, goal, upper in lines:
            met = "" if goal is None else "met" if (value <= goal) == upper else "MISSED"
            print(f"  {what:55} {value:10.1f} {goal or '':>8} {met}")  # noqa: T201

    assert {row["n"] for row in rows if row["split"] == "val"} == {397}
    assert min(accuracy[name] for name in names.values()) >= FLOORS[review_run.dataset]


def reviews_per_second(folder: Path) -> int:
    """Measure a model on raw reviews in batches, preparation included, in two processes."""
    return round(sum(run_networks([partial(_measure_speed, folder)] * 2, 2)))


def _measure_speed(folder: Path) -> float:
    model = load_classifier(folder)
    lines = (Path(os.environ["TRIPTYCH_REAL_DATA"]) / "reviews" / "train.jsonl").read_text("utf-8")
    texts = [json.loads(line)["review"] for line in lines.splitlines()] * 2
    model.probabilities(texts[:300])  # tracing and loading
    started = time.perf_counter()
    model.probabilities(texts)
    return len(texts) / (time.perf_counter() - started)


def test_both_families_stand_above_the_published_curve(review_run: ReviewRun) -> None:
    """The published one is of other reviews: what is asserted is the order of size."""
    curve = review_run.table("text_learning_curve")
    at = curve[curve["size"] == 1000].groupby("model")["accuracy"].mean() * 100
    assert at["lstm"] >= RNN_CURVE[1000] + 10
    assert at.drop("lstm").max() >= TFIDF_CURVE[1000] - 2


def test_the_chosen_model_is_registered_and_its_labels_are_stored(review_run: ReviewRun) -> None:
    engine = review_run.project.engine()
    with engine.connect() as connection:
        (model,) = connection.execute(select(models)).mappings()
        rows = connection.execute(select(text_predictions)).mappings().all()
    engine.dispose()
    assert (model["name"], model["stage"]) == ("texts-polarity", "production")
    assert {row["model_id"] for row in rows} == {model["model_id"]}
    right = sum(row["label"] == row["true_label"] for row in rows)
    chosen = review_run.scores.loc[review_run.names["chosen"]]
    assert right / len(rows) == pytest.approx(chosen["accuracy"], abs=1e-6)
    assert chosen["brier"] <= 0.10
    assert chosen["calibration_error"] <= 0.08


def test_nothing_is_lost(review_run: ReviewRun) -> None:
    kept = review_run.table("review_summary")["n"].sum()
    expected = {"reviews": 1997, "reviews_large": 22_635 + 397}
    assert kept + len(review_run.table("rejected_reviews")) == expected[review_run.dataset]


def test_the_repository_quotes_few_reviews_and_none_of_the_large_set(
    review_run: ReviewRun,
) -> None:
    reviews = pd.read_parquet(review_run.project.path / "data/03_primary/reviews.parquet")
    written = REVIEWS.read_text(encoding="utf-8") + FILE.read_text(encoding="utf-8")
    starts = reviews.loc[reviews["review"].str.len() >= 40].set_index("split")["review"]
    quoted = [
        split
        for split, start in starts.str.slice(0, 40).items()
        if json.dumps(start, ensure_ascii=False)[1:-1] in written
    ]
    assert len(quoted) <= QUOTED
    assert set(quoted) <= {"val"}  # of Blard's set, MIT


def test_time_and_memory(review_run: ReviewRun) -> None:
    assert review_run.cpu_seconds <= 2 * SECONDS  # of two cores
    assert review_run.peak_mb <= MEGABYTES
