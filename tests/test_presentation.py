"""The slides match their sources and are one self-contained file."""

import json
import re
import shutil
from pathlib import Path

import pytest

from presentation.charts import accuracies, learning_curve
from presentation.deck import FILE, render
from presentation.drawings import ARCHITECTURE, DELIVERY, draw
from presentation.sources import Sources
from presentation.tables import scores
from tests.fixtures.project import ROOT

ELSEWHERE = re.compile(r"""(?:src|href)="(?:https?:)?//|@import|url\(["']?http|<link|fetch\(""")


def assert_self_contained(page: str) -> None:
    """Assert that a page loads nothing; links are allowed."""
    assert not ELSEWHERE.search(re.sub(r"<a href=[^>]*>", "", page))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sources, str]:
    """Return the slides of a project with another result and without photos and notebooks."""
    root = tmp_path_factory.mktemp("slides")
    shutil.copytree(ROOT / "docs", root / "docs", ignore=shutil.ignore_patterns("*.html"))
    (root / "docs" / "results" / "vision.json").unlink(missing_ok=True)
    file = root / "docs" / "results" / "forecast.json"
    results = json.loads(file.read_text(encoding="utf-8"))
    for row in results["rows"]:
        if (row["model"], row["location"], row["lead"]) == ("ridge", "paris", "1-8"):
            row["rmse"] = 98.765
    file.write_text(json.dumps(results), encoding="utf-8")
    sources = Sources(root)
    return sources, render(sources)


def test_the_slides_match_their_sources() -> None:
    said = "the sources have changed: run `make presentation`"

    assert FILE.read_text(encoding="utf-8") == render(Sources()), said
    for drawing in (ARCHITECTURE, DELIVERY):
        assert (ROOT / "docs" / drawing.file).read_text(encoding="utf-8") == draw(drawing), said


def test_changed_results_change_the_slides(other: tuple[Sources, str]) -> None:
    _, page = other

    assert "98.77" in page
    assert "98.77" not in FILE.read_text(encoding="utf-8")


def test_missing_sources_are_reported(other: tuple[Sources, str]) -> None:
    sources, page = other

    assert "docs/results/vision.json" in sources.missing
    assert "<em>Not available: docs/results/vision.json.</em>" in page
    assert any(what.startswith("notebooks/time_series.ipynb") for what in sources.missing)


def test_each_use_has_all_parts() -> None:
    headings = re.findall(r"<h2>(.*?)</h2>", FILE.read_text(encoding="utf-8"))

    for use in ("Temperature", "Photos", "Reviews"):
        of_use = " ".join(each for each in headings if f"<em>{use}</em>" in each).lower()
        for part in (
            "objective",
            "exploration",
            "preparation",
            "experiments",
            "results",
            "discussion",
        ):
            assert part in of_use, (use, part)
    for part in ("Architecture", "CI/CD"):
        assert any(part in each for each in headings)


def test_the_page_is_self_contained_and_small() -> None:
    page = FILE.read_text(encoding="utf-8")

    assert_self_contained(page)
    assert len(page) < 3_000_000
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_classifiers_are_shown_on_the_final_split() -> None:
    row = {"n": 1234, "accuracy_low": 0.9, "accuracy_high": 0.98, "macro_f1": 0.95}
    results = {
        "chosen": "cnn",
        "rows": [
            {"model": "cnn", "split": "Teste", "accuracy": 0.951, **row},
            {"model": "colours", "split": "Teste", "accuracy": 0.949, **row},
            {"model": "cnn", "split": "Valid", "accuracy": 0.999, **row},
        ],
    }

    assert scores(results).splitlines()[2] == "| **cnn** | 95.1% | 90.0% to 98.0% | 0.950 |"
    assert "Teste split, n = 1,234" in scores(results)
    assert "Accuracy, Teste split" in accuracies(results)
    assert "No learning curve" in learning_curve(results)


@pytest.mark.parametrize(
    "planted",
    ['<img src="https://cdn.example/a.png">', '<link rel="stylesheet" href="a.css">', "@import x"],
)
def test_external_resources_are_detected(planted: str) -> None:
    with pytest.raises(AssertionError):
        assert_self_contained(planted)


def test_a_missing_table_is_reported(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "operations.md").write_text("## Other\n\n| a |\n|---|\n", encoding="utf-8")
    sources = Sources(tmp_path)

    assert sources.document("operations.md", "CI/CD").startswith("*Not available")
    assert sources.document("operations.md", "Other") == "| a |\n|---|\n"
