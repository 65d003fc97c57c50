"""The results file of the reviews, docs/results/nlp.json: written here, never by hand.

It holds figures alone: no recorded review goes into the repository.
"""

import json
from importlib.metadata import version
from typing import Any

import pandas as pd

from tests.fixtures.project import ROOT
from triptych.registry.provenance import git_commit

FILE = ROOT / "docs" / "results" / "nlp.json"
DATA = (
    "Film reviews of Allociné (Blard 2020, MIT): learned from and chosen by cross-validation "
    "within 1,600, judged on 397 (see docs/decisions/0014)"
)
PACKAGES = ("nltk", "numpy", "pandas", "scikit-learn")
COLUMNS = ("model", "split", "n", "accuracy", "accuracy_low", "accuracy_high", "macro_f1")


def write_results(
    comparison: pd.DataFrame, ranking: list[str], members: list[str], curve: pd.DataFrame
) -> dict[str, Any]:
    """Write the models' scores, the chosen one, the learning curve, the code and the versions."""
    scores = comparison.assign(seconds=comparison["fit_seconds"])[[*COLUMNS, "seconds"]]
    by_size = curve.groupby(["model", "size"])["accuracy"].agg(["mean", "min", "max"]).reset_index()
    table = {
        "rows": _records(scores),
        "chosen": ranking[0],
        "blend": members,
        "learning_curve": _records(by_size),
        "data": DATA,
        "commit": git_commit(ROOT),
        "versions": {name: version(name) for name in PACKAGES},
    }
    names = ("rows", "learning_curve")
    text = json.dumps({**table, **{name: [] for name in names}}, indent=2, sort_keys=True)
    for name in names:
        lines = ",\n    ".join(json.dumps(row, ensure_ascii=False) for row in table[name])
        text = text.replace(f'"{name}": []', f'"{name}": [\n    {lines}\n  ]')
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(text + "\n", encoding="utf-8")
    return table


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            name: round(value, 4) if isinstance(value, float) else value
            for name, value in row.items()
        }
        for row in frame.to_dict("records")
    ]
