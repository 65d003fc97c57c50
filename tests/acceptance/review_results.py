"""The results file of the reviews, docs/results/nlp.json: written here, never by hand.

It holds figures alone: no recorded review goes into the repository.
"""

import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from tests.fixtures.project import ROOT
from triptych.nlp.published import FULL_SET, RNN_CURVE, TFIDF_CURVE
from triptych.registry.provenance import git_commit

FILE = ROOT / "docs" / "results" / "nlp.json"
DATA = (
    "Film reviews of Allociné (Blard 2020, MIT): learned from and chosen by cross-validation "
    "within 1,600, judged on 397 (see docs/decisions/0014)"
)
PACKAGES = ("gensim", "keras", "nltk", "numpy", "pandas", "scikit-learn", "tensorflow")
COLUMNS = ("model", "split", "n", "accuracy", "accuracy_low", "accuracy_high", "macro_f1")
OF_PAIR = ("model", "other", "split", "n", "only_model", "only_other", "p_exact", "p_mid")
OF_CHANGE = (
    "change", "seeds", "accuracy", "accuracy_min", "accuracy_max", "log_loss", "difference",
    "difference_min", "difference_max", "seconds", "finding",
)  # fmt: skip


def write_results(
    tables: dict[str, pd.DataFrame], ranking: list[str], members: list[str], run: dict[str, float]
) -> dict[str, Any]:
    """Write scores, the chosen model, curves, the LSTM's changes, pairs, code and versions.

    Args:
        tables: reports by name.
        ranking: models, best in cross-validation first.
        members: of the blend.
        run: what the run took.
    """
    comparison = tables["text_comparison"]
    scores = comparison.assign(seconds=comparison["fit_seconds"])[[*COLUMNS, "seconds"]]
    curves = pd.concat([tables["text_learning_curve"], tables["lstm_learning_curve"]])
    by_size = curves.groupby(["model", "size"])["accuracy"].agg(["mean", "min", "max"])
    lists = {
        "rows": scores,
        "learning_curve": by_size.reset_index(),
        "lstm_changes": tables["lstm_summary"][list(OF_CHANGE)],
        "pairs": tables["mcnemar_tests"][list(OF_PAIR)],
        "vocabulary": tables["vocabulary_coverage"],
    }
    about = {
        "chosen": ranking[0],
        "blend": members,
        "published": {
            "source": "Blard 2020, 20,000 test reviews, accuracy in %",
            "tfidf_by_size": dict(TFIDF_CURVE),
            "rnn_by_size": dict(RNN_CURVE),
            "full_set": dict(FULL_SET),
        },
        "run": run,
        "data": DATA,
        "commit": git_commit(ROOT),
        "versions": {name: version(name) for name in PACKAGES},
    }
    table = {**about, **{name: records(frame) for name, frame in lists.items()}}
    write_table(FILE, table, tuple(lists))
    return table


def write_table(file: Path, table: dict[str, Any], names: Sequence[str]) -> None:
    """Write results as JSON, a line a row of each of the tables that are named."""
    text = json.dumps({**table, **{name: [] for name in names}}, indent=2, sort_keys=True)
    for name in names:
        lines = ",\n    ".join(json.dumps(row, ensure_ascii=False) for row in table[name])
        text = text.replace(f'"{name}": []', f'"{name}": [\n    {lines}\n  ]')
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text + "\n", encoding="utf-8")


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table, numbers rounded."""
    return [
        {
            name: round(value, 4) if isinstance(value, float) else value
            for name, value in row.items()
        }
        for row in frame.to_dict("records")
    ]
