"""The results file of the photos, docs/results/vision.json: written here, never by hand.

It holds figures alone: no recorded photo goes into the repository.
"""

from importlib.metadata import version
from typing import Any

import pandas as pd

from tests.acceptance.review_results import records, write_table
from tests.fixtures.project import ROOT
from triptych.registry.provenance import git_commit

FILE = ROOT / "docs" / "results" / "vision.json"
DATA = (
    "Crop and weed seedlings on bare soil seen from above, a stand-in for the Kaggle corn set "
    "(CC0; sesame, no mixed class): learned from Treino, chosen on Valid, judged on Teste; "
    "two thirds of the labels are machine-made"
)
PACKAGES = ("keras", "lime", "numpy", "scikit-learn", "tensorflow")
COLUMNS = ("model", "split", "n", "accuracy", "accuracy_low", "accuracy_high", "macro_f1")
MORE = ("log_loss", "calibration_error", "seconds")


def write_results(
    ranking: list[str], comparison: pd.DataFrame, tables: dict[str, pd.DataFrame]
) -> dict[str, Any]:
    """Write the models' scores, the chosen one, further tables, the code and the versions."""
    table = {
        "rows": records(comparison[[*COLUMNS, *MORE]]),
        "chosen": ranking[0],
        **{name: records(frame) for name, frame in tables.items()},
        "data": DATA,
        "commit": git_commit(ROOT),
        "versions": {name: version(name) for name in PACKAGES},
    }
    write_table(FILE, table, ("rows", *tables))
    return table
