"""The results table of the README, from the results files: written here, never by hand."""

import json
from collections.abc import Iterator
from typing import Any

from tests.fixtures.project import ROOT
from triptych.pipelines.vision.training import COLOURS

README = ROOT / "README.md"
FOLDER = ROOT / "docs" / "results"
MARKS = "<!-- results -->", "<!-- /results -->"
LIVE_MODELS = ("served", "mos", "nwp_debiased", "nwp_mean")
Row = dict[str, Any]


def update_readme() -> None:
    """Write the table between the marks of the README."""
    page = README.read_text(encoding="utf-8")
    README.write_text(replace_between(page, *MARKS, results_table()), encoding="utf-8")


def replace_between(page: str, start: str, end: str, table: str) -> str:
    """Put a table between two marks of a document."""
    before, rest = page.split(start)
    return f"{before}{start}\n{table}\n{end}{rest.split(end)[1]}"


def results_table() -> str:
    """Render live forecasts, photos and reviews as one Markdown table, each beside a baseline."""
    live, vision, nlp = (
        json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("live", "vision", "nlp")
    )
    lines = ["| | evaluated on | result | baseline |", "|---|---|---|---|"]
    cells = (*_live_rows(live["rows"]), *_photo_rows(vision["rows"]), *_review_rows(nlp))
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in cells)])


def _live_rows(rows: list[Row]) -> Iterator[tuple[str, ...]]:
    """RMSE of today and tomorrow, beside that of the seasonal naive forecast."""
    by_day = {(row["location"], row["model"], row["day"]): row for row in rows}
    for (location, model, day), first in by_day.items():
        if day == 1 and model in LIVE_MODELS:
            second = by_day[location, model, 2]
            naive = [row["rmse"] / (1 - row["skill_day"]) for row in (first, second)]
            yield (
                f"{location.title()}, {model}",
                f"{first['n'] // 8} days, today and tomorrow",
                f"**{first['rmse']:.2f}** and **{second['rmse']:.2f}** °C",
                f"{naive[0]:.2f} and {naive[1]:.2f} °C",
            )


def _photo_rows(rows: list[Row]) -> Iterator[tuple[str, ...]]:
    """Accuracy of the selected model, beside the better one of the colour baselines."""
    tests = [row for row in rows if row["split"] == "test"]
    for row in (row for row in tests if row["selected"]):
        phase = row["dataset"], row["classes"]
        colours = (
            other
            for other in tests
            if (other["dataset"], other["classes"]) == phase and other["model"] in COLOURS
        )
        yield (
            f"{row['dataset']}, {row['classes']} classes",
            f"{row['n']} test photos",
            f"**{_share(row)}** ({_share(row, '_low')} to {_share(row, '_high')})",
            _share(max(colours, key=lambda other: float(other["accuracy"]))),
        )


def _review_rows(table: Row) -> Iterator[tuple[str, ...]]:
    """Accuracy of the selected model: nested, and on the development set beside a classical one."""
    for dataset, study in table["studies"].items():
        rows = [row for row in table["rows"] if row["dataset"] == dataset and row["split"] == "val"]
        by_model = {row["model"]: row for row in rows}
        nested = next(row for row in study["nested_selection"] if row["fold"] == "all")
        yield (
            f"reviews, trained on {rows[0]['size']:,}",
            f"{rows[0]['n']} development reviews; nested cross-validation",
            f"**{_share(by_model[study['chosen']])}**; **{_share(nested)}**",
            _share(by_model[study["best_classical"]]),
        )


def _share(row: Row, end: str = "") -> str:
    return f"{row[f'accuracy{end}']:.1%}"
