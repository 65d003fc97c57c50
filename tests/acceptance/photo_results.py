"""The results file of the photos, docs/results/vision.json: written here, never by hand.

It holds figures alone: no recorded photo goes into the repository.
"""

from importlib.metadata import version
from typing import Any

import pandas as pd

from tests.acceptance.review_results import records, write_table
from tests.fixtures.project import ROOT
from triptych.pipelines.vision.training import COLOURS
from triptych.registry.provenance import git_commit

FILE = ROOT / "docs" / "results" / "vision.json"
DATA = (
    "Crop and weed seedlings on bare soil seen from above, a stand-in for the Kaggle corn set "
    "(CC0; sesame, no mixed class): learned from Treino, chosen on Valid, judged on Teste; "
    "two thirds of the labels are machine-made; Teste has been read twice, nothing changed "
    "in between (docs/decisions/0018)"
)
PACKAGES = ("keras", "lime", "numpy", "scikit-learn", "tensorflow")
COLUMNS = ("model", "split", "n", "accuracy", "accuracy_low", "accuracy_high", "macro_f1")
MORE = ("log_loss", "calibration_error", "seconds")


def write_results(
    ranking: list[str], reports: dict[str, pd.DataFrame], run: dict[str, float]
) -> dict[str, Any]:
    """Write scores, the chosen model, its and the baselines' mistakes, curves, code and versions.

    Args:
        ranking: models, best on validation first.
        reports: by name.
        run: what the run took.
    """
    confusion = reports["confusion"]
    tables = {
        **reports,
        "confusion": confusion[confusion["model"].isin([ranking[0], *COLOURS])],
        "deletions": reports["deletions"].drop(columns="item"),
    }
    scores = tables.pop("comparison")[[*COLUMNS, *MORE]]
    table = {
        "rows": records(scores),
        "chosen": ranking[0],
        **{name: records(frame) for name, frame in tables.items()},
        "run": run,
        "data": DATA,
        "commit": git_commit(ROOT),
        "versions": {name: version(name) for name in PACKAGES},
    }
    write_table(FILE, table, ("rows", *tables))
    return table
