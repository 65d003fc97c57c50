"""Ablation and cross-validation of the LSTM, within the training split."""

import time
from collections.abc import Sequence
from functools import partial
from itertools import chain

import numpy as np
import pandas as pd

from triptych.execution.parallel import run_networks
from triptych.execution.progress import track
from triptych.nlp.classifier import Scores
from triptych.nlp.config import BASELINE, CHANGES, LstmSettings
from triptych.nlp.folds import Fold, Labelled, early_stopping_split, grouped_folds
from triptych.nlp.lstm import LstmClassifier, find_vectors
from triptych.nlp.tuning import evaluate_scores
from triptych.nlp.word_vectors import VectorSource

TRIAL_COLUMNS = ("change", "seed", "n", "accuracy", "log_loss", "epochs", "seconds")
HISTORY_COLUMNS = ("change", "seed", "epoch", "loss", "accuracy", "val_loss", "val_accuracy")
SUMMARY_COLUMNS = (
    "change", "seeds", "accuracy", "accuracy_min", "accuracy_max", "log_loss", "difference",
    "seconds", "difference_low", "difference_high", "finding",
)  # fmt: skip
_INTERVAL = ("difference_low", "difference_high")

_HELD_OUT_FOLDS = 5  # a trial is evaluated on one of them


def run_trials(
    changes: Sequence[str],
    settings: LstmSettings,
    data: Labelled,
    source: VectorSource,
    *,
    seeds: int,
    seed: int,
    n_jobs: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train the baseline network and each change of it with several seeds.

    A seed determines the initial weights and the held-out fifth. Vectors are found once per seed,
    without the held-out and the early-stopping reviews.

    Returns the trials TRIAL_COLUMNS, and their epochs HISTORY_COLUMNS.
    """
    documents, labels, groups = data
    variants = {
        name: settings.change(**CHANGES[name], ensemble_size=1)
        for name in dict.fromkeys([BASELINE, *changes])
    }
    tasks = []
    for each in range(seed, seed + seeds):
        fold = grouped_folds(labels, groups, _HELD_OUT_FOLDS, each)[0]
        rows = fold[0][early_stopping_split(labels[fold[0]], groups[fold[0]], each)[0]]
        vectors: dict[tuple[str, bool], pd.DataFrame] = {}
        for name, variant in variants.items():
            kind = (variant.analyzer, variant.pretrained)
            if kind not in vectors:
                texts = [getattr(documents[row], variant.analyzer) for row in rows]
                vectors[kind] = find_vectors(texts, source, variant, each)
            tasks.append(partial(_run, name, each, variant, data, fold, vectors[kind]))
    results = track(run_networks(tasks, n_jobs), "LSTM ablation", len(tasks))
    trials, histories = zip(*results, strict=True)
    joined: pd.DataFrame = pd.concat(histories, ignore_index=True)
    return pd.DataFrame(trials)[list(TRIAL_COLUMNS)], joined[list(HISTORY_COLUMNS)]


def summarise_trials(trials: pd.DataFrame) -> pd.DataFrame:
    """Summarise the effect of each change over the seeds.

    Returns SUMMARY_COLUMNS, lowest log loss first. `difference` is the log loss less that of the
    baseline with the same seed, with its 95 % interval (Student's t of the paired differences). A
    change improves or worsens the network if the interval excludes zero, else it is inconclusive.
    """
    from statsmodels.stats.weightstats import DescrStatsW

    baseline = trials[trials["change"] == BASELINE].set_index("seed")["log_loss"]
    differences = trials.assign(difference=trials["log_loss"] - trials["seed"].map(baseline))
    spread = ["mean", "min", "max"]
    groups = differences.groupby("change")
    columns = [name for name in SUMMARY_COLUMNS[1:-1] if name not in _INTERVAL]
    table = groups.agg(
        {"seed": ["size"], "accuracy": spread, "log_loss": ["mean"], "difference": ["mean"],
         "seconds": ["mean"]}
    ).set_axis(columns, axis=1)  # fmt: skip
    table[list(_INTERVAL)] = [
        DescrStatsW(each).tconfint_mean() if len(each) > 1 else (np.nan, np.nan)
        for _, each in groups["difference"]
    ]
    finding = np.select(
        [table.index == BASELINE, table["difference_high"] < 0, table["difference_low"] > 0],
        ["", "improves", "worsens"], "inconclusive",
    )  # fmt: skip
    order = table["log_loss"].round(9).sort_values(kind="stable").index
    return table.assign(finding=finding).loc[order].reset_index()[list(SUMMARY_COLUMNS)]


def cross_lstm(
    settings: LstmSettings,
    data: Labelled,
    levels: Sequence[Sequence[Fold]],
    source: VectorSource,
    *,
    seed: int,
    n_jobs: int,
) -> dict[int, Scores]:
    """Score each document by networks that have not seen it, vectors and vocabulary included.

    Returns arrays (levels, documents) by number of networks: of the first one (1), and of all.
    """
    documents, labels, groups = data
    sizes = sorted({1, settings.ensemble_size})

    def score_fold(fold: Fold, n_jobs: int = 1) -> dict[int, Scores]:
        rows, (train, held_out) = fold[0], ([documents[row] for row in each] for each in fold)
        model = LstmClassifier(settings, seed).fit(
            train, labels[rows], groups[rows], source, n_jobs
        )

        def score() -> dict[int, Scores]:
            return {size: model.first(size).scores(held_out) for size in sizes}

        return next(run_networks([score], n_jobs))  # TensorFlow stays out of the main process

    folds = [(level, fold) for level, of_level in enumerate(levels) for fold in of_level]
    parallel = len(folds) - len(folds) % n_jobs  # the networks of other folds are run in parallel
    found = chain(
        run_networks([partial(score_fold, fold) for _, fold in folds[:parallel]], n_jobs),
        (score_fold(fold, n_jobs) for _, fold in folds[parallel:]),
    )
    scores = {size: np.full((len(levels), len(labels)), np.nan) for size in sizes}
    shown = track(found, "LSTM, cross-validation", len(folds))
    for (level, fold), of_fold in zip(folds, shown, strict=True):
        for size in sizes:
            scores[size][level, fold[1]] = of_fold[size]
    return scores


def _run(
    change: str,
    seed: int,
    settings: LstmSettings,
    data: Labelled,
    fold: Fold,
    vectors: pd.DataFrame,
) -> tuple[dict[str, object], pd.DataFrame]:
    started = time.perf_counter()
    documents, labels, groups = data
    train, held_out = ([documents[row] for row in rows] for rows in fold)
    rows = fold[0]
    model = LstmClassifier(settings, seed).fit(train, labels[rows], groups[rows], vectors)
    loss, accuracy = evaluate_scores(model.scores(held_out), labels[fold[1]])
    history = pd.DataFrame(model.history).assign(change=change, seed=seed)
    trial = {
        "change": change, "seed": seed, "n": len(held_out), "accuracy": accuracy, "log_loss": loss,
        "epochs": len(history), "seconds": time.perf_counter() - started,
    }  # fmt: skip
    return trial, history
