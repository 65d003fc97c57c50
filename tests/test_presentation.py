"""The slides match their sources and are one self-contained file."""

import json
import re
import shutil
from pathlib import Path

from presentation.charts import accuracies, learning_curve
from presentation.deck import FILE, render
from presentation.drawings import ARCHITECTURE, DELIVERY, draw
from presentation.sources import Sources
from presentation.tables import scores
from tests.fixtures.project import ROOT

EXTERNAL = re.compile(r"""(?:src|href)="(?:https?:)?//|@import|url\(["']?http|<link|fetch\(""")
PARTS = ("objective", "exploration", "preparation", "experiments", "results", "discussion")
PAGE = FILE.read_text(encoding="utf-8")


def test_the_slides_match_their_sources() -> None:
    message = "the sources have changed: run `make presentation`"

    assert render(Sources()) == PAGE, message
    for drawing in (ARCHITECTURE, DELIVERY):
        assert (ROOT / "docs" / drawing.file).read_text(encoding="utf-8") == draw(drawing), message


def test_changed_and_missing_sources_change_the_slides(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("*.html"))
    (tmp_path / "docs" / "results" / "vision.json").unlink()
    file = tmp_path / "docs" / "results" / "forecast.json"
    results = json.loads(file.read_text(encoding="utf-8"))
    for row in results["rows"]:
        if (row["model"], row["location"], row["lead"]) == ("ridge", "paris", "1-8"):
            row["rmse"] = 98.765
    file.write_text(json.dumps(results), encoding="utf-8")
    sources = Sources(tmp_path)

    page = render(sources)

    assert "98.77" in page
    assert "98.77" not in PAGE
    assert "docs/results/vision.json" in sources.missing
    assert "<em>Not available: docs/results/vision.json.</em>" in page
    assert any(name.startswith("notebooks/time_series.ipynb") for name in sources.missing)


def test_a_missing_table_is_reported(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "operations.md").write_text("## Other\n\n| a |\n|---|\n", encoding="utf-8")
    sources = Sources(tmp_path)

    assert sources.document("operations.md", "CI/CD").startswith("*Not available")
    assert sources.document("operations.md", "Other") == "| a |\n|---|\n"


def test_each_use_has_all_parts() -> None:
    headings = re.findall(r"<h2>(.*?)</h2>", PAGE)

    for use in ("Temperature", "Photos", "Reviews"):
        of_use = " ".join(each for each in headings if f"<em>{use}</em>" in each).lower()
        assert [part for part in PARTS if part not in of_use] == [], use
    for part in ("Architecture", "CI/CD"):
        assert any(part in each for each in headings)


def external(page: str) -> list[str]:
    """Return references to files that a page would load; links are allowed."""
    return EXTERNAL.findall(re.sub(r"<a href=[^>]*>", "", page))


def test_the_page_is_self_contained_and_small() -> None:
    ids = re.findall(r'\bid="([^"]+)"', PAGE)

    assert external(PAGE) == []
    assert len(PAGE) < 3_000_000
    assert len(ids) == len(set(ids))
    for planted in ('<img src="https://cdn.example/a.png">', '<link href="a.css">', "@import x"):
        assert external(planted)


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
