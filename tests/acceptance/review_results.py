"""The results file of the reviews, docs/results/nlp.json, and the table of the README.

They are written here, never by hand, and hold figures alone.
"""

import json
from typing import Any

import pandas as pd

from tests.acceptance.readme import update_readme
from tests.acceptance.results import write_table
from tests.fixtures.project import ROOT
from triptych.nlp.published import RNN_CURVE, TFIDF_CURVE

FILE = ROOT / "docs" / "results" / "nlp.json"
MAIN = "reviews_large"  # slides show this study
DATA = (
    "Film reviews: 1,600 of Allociné (Blard 2020, MIT), or these and 21,035 more of films and "
    "series; selected by nested cross-validation within them. The 397 of `val` (Blard) are a "
    "development set: docs/reviews.md counts how often they were evaluated"
)
FULL_SET = {  # published accuracy (%) of models trained on all 160,000
    "TF-IDF, logistic regression": 94.38,
    "RNN": 94.58,
    "CNN": 94.10,
    "fastText": 92.90,
    "CamemBERT": 97.44,
}
PACKAGES = ("gensim", "keras", "nltk", "numpy", "pandas", "scikit-learn", "tensorflow")
COLUMNS = (
    "dataset", "size", "model", "split", "n", "accuracy", "accuracy_low", "accuracy_high",
    "macro_f1", "seconds",
)  # fmt: skip
OF_PAIR = ("model", "other", "split", "n", "only_model", "only_other", "p_exact", "p_mid")
LISTS = ("learning_curve", "lstm_changes", "pairs", "vocabulary", "nested_selection")


def write_results(
    dataset: str,
    tables: dict[str, pd.DataFrame],
    choices: dict[str, Any],
    run: dict[str, Any],
) -> list[dict[str, Any]]:
    """Write the study of one data set beside that of the other one, and the table of the README.

    Args:
        dataset: `reviews` or `reviews_large`.
        tables: reports by name.
        choices: `chosen`, `blend`, `best_classical`, `best_lstm`.
        run: what the run took.

    Returns:
        The rows of this data set.
    """
    summary = tables["review_summary"]
    size = int(summary.loc[summary["split"] == "train", "n"].sum())
    comparison = tables["text_comparison"].rename(columns={"fit_seconds": "seconds"})
    rows = records(comparison.assign(dataset=dataset, size=size)[list(COLUMNS)])
    curve = tables["text_learning_curve"].groupby(["model", "size"])["accuracy"]
    lists = {
        "learning_curve": curve.agg(["mean", "min", "max"]).reset_index(),
        "lstm_changes": tables["lstm_summary"],
        "pairs": tables["mcnemar_tests"][list(OF_PAIR)],
        "vocabulary": tables["vocabulary_coverage"],
        "nested_selection": tables["nested_selection"],
    }
    known = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    study = {**choices, "run": run, **{name: records(table) for name, table in lists.items()}}
    studies = {**known.get("studies", {}), dataset: study}
    others = [row for row in known.get("rows", []) if row.get("dataset") not in (dataset, None)]
    every = sorted([*others, *rows], key=lambda row: row["dataset"])
    main = MAIN if MAIN in studies else dataset
    table = {
        "dataset": main,
        "chosen": studies[main]["chosen"],
        "learning_curve": studies[main]["learning_curve"],
        "rows": every,
        "studies": studies,
        "published": {
            "source": "Blard 2020, 20,000 test reviews, accuracy in %",
            "tfidf_by_size": dict(TFIDF_CURVE),
            "rnn_by_size": dict(RNN_CURVE),
            "full_set": dict(FULL_SET),
        },
        "data": DATA,
    }
    write_table(FILE, table, ("rows", *LISTS), PACKAGES)
    update_readme()
    return rows


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table, numbers rounded; empty cells are null."""
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [
        {
            str(name): round(value, 4) if isinstance(value, float) else value
            for name, value in row.items()
        }
        for row in rows
    ]
