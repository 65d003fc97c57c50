"""The results file of the photos, docs/results/vision.json: written here, never by hand.

It holds figures alone.
"""

import json
from typing import Any

import pandas as pd

from tests.acceptance.readme import update_readme
from tests.acceptance.results import write_table
from tests.acceptance.review_results import records
from tests.fixtures.project import ROOT

FILE = ROOT / "docs" / "results" / "vision.json"
DATA = (
    "images_mixed: peanut rows and weeds (Tran and Phan 2023, CC BY-SA 4.0), four classes; images: "
    "crop and weed seedlings (CC0), no mixed class, two thirds of the labels machine-made. Trained "
    "on Treino, selected on Valid, evaluated on Teste; how often it was read: docs/decisions/0018"
)
PACKAGES = ("keras", "lime", "numpy", "scikit-learn", "tensorflow")
MIXED = "images_mixed"
COLUMNS = (
    "dataset", "classes", "training_photos", "model", "split", "n", "accuracy", "accuracy_low",
    "accuracy_high", "macro_f1", "log_loss", "calibration_error", "seconds", "selected",
)  # fmt: skip


def write_results(
    reports: dict[str, dict[str, pd.DataFrame]],
    rankings: dict[str, dict[str, list[str]]],
    runs: dict[str, dict[str, float]],
) -> dict[str, Any]:
    """Write scores of all data sets and phases, and details: confusion, curves, ablation, LIME.

    Rows of data sets that were not run are kept.

    Args:
        reports: tables by name, by data set.
        rankings: models by phase, best on validation first, by data set.
        runs: what each run took, by data set.
    """
    known = json.loads(FILE.read_text(encoding="utf-8"))
    kept = [row for row in known["rows"] if row["dataset"] not in reports]
    names = {name for tables in reports.values() for name in tables}
    joined = {
        name: pd.concat(
            {data: tables[name] for data, tables in reports.items() if name in tables},
            names=["dataset"],
        ).reset_index("dataset")
        for name in sorted(names - {"comparison"})
    }
    scores = pd.concat([tables["comparison"] for tables in reports.values()])
    best = [
        rankings[data][str(classes)][0]
        for data, classes in zip(scores["dataset"], scores["classes"], strict=True)
    ]
    table = {
        "rows": [*records(scores.assign(selected=scores["model"] == best)[list(COLUMNS)]), *kept],
        "chosen": rankings[MIXED]["4"][0],
        "dataset": MIXED,  # shown by the slides
        "classes": 4,
        **{name: records(frame) for name, frame in joined.items()},
        "run": {**known["run"], **runs},
        "data": DATA,
    }
    written = write_table(FILE, table, ("rows", *joined), PACKAGES)
    update_readme()
    return written
