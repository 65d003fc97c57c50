"""What matters in an LSTM: one change at a time, several seeds, within the training split."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd

from triptych.execution.parallel import run_networks
from triptych.nlp.classifier import Documents, Scores
from triptych.nlp.lstm import LstmClassifier, early_stopping_split
from triptych.nlp.lstm_config import BASE, LstmSettings, change_settings
from triptych.nlp.nbsvm import Labels
from triptych.nlp.tuning import Fold, Rows, judge_scores, stratified_folds
from triptych.nlp.word_vectors import VectorSource

TRIAL_COLUMNS = ("change", "seed", "n", "accuracy", "log_loss", "epochs", "seconds")
HISTORY_COLUMNS = ("change", "seed", "epoch", "loss", "accuracy", "val_loss", "val_accuracy")
SUMMARY_COLUMNS = (
    "change", "seeds", "accuracy", "accuracy_min", "accuracy_max", "log_loss", "log_loss_low",
    "log_loss_high", "difference", "difference_min", "difference_max", "seconds", "finding",
)  # fmt: skip
logger = logging.getLogger(__name__)

_SHARE = 5  # a fifth of the reviews judges a trial


@dataclass(frozen=True)
class Trial:
    """One network to be trained and judged: what changes, on which parts, from which vectors."""

    change: str
    settings: LstmSettings
    seed: int
    learn: Rows
    judge: Rows
    source: VectorSource


def run_trials(
    changes: Sequence[str],
    settings: LstmSettings,
    documents: Documents,
    labels: Labels,
    source: VectorSource,
    *,
    seeds: int,
    seed: int,
    n_jobs: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train the network as it is and with each change; all meet the same parts of the reviews.

    Each seed draws other starting weights and another fifth that judges. Vectors are learned once
    for all changes, from the other four fifths without their early-stopping split.

    Returns:
        The trials TRIAL_COLUMNS, and their epochs HISTORY_COLUMNS.
    """
    named = {BASE: settings, **{name: change_settings(settings, name) for name in changes}}
    trials = []
    for one in range(seed, seed + seeds):
        learn, judge = stratified_folds(labels, _SHARE, one)[0]
        known = [documents[row] for row in learn[early_stopping_split(labels[learn], one)[0]]]
        learned = {
            analyzer: source.learned([getattr(document, analyzer) for document in known], one)
            for analyzer in dict.fromkeys(each.analyzer for each in named.values())
        }
        trials += [
            Trial(name, replace(each, ensemble_size=1), one, learn, judge, learned[each.analyzer])
            for name, each in named.items()
        ]
    rows, histories = [], []
    tasks = [partial(_run, trial, documents, labels) for trial in trials]
    for number, (row, history) in enumerate(run_networks(tasks, n_jobs), start=1):
        told = dict(zip(TRIAL_COLUMNS, row, strict=True))
        logger.info(
            "LSTM %s of %s, %s, seed %s: log loss %.3f in %.0f s",
            *(number, len(trials), told["change"], told["seed"], told["log_loss"], told["seconds"]),
        )
        rows.append(row)
        histories.append(history)
    joined: pd.DataFrame = pd.concat(histories, ignore_index=True)
    return pd.DataFrame(rows, columns=list(TRIAL_COLUMNS)), joined[list(HISTORY_COLUMNS)]


def summarise_trials(trials: pd.DataFrame) -> pd.DataFrame:
    """Say of each change what it does, and whether it does so with every seed.

    Returns:
        SUMMARY_COLUMNS, least log loss first. `difference` is the mean of the log loss less that of
        the unchanged network with the same seed; a change helps or harms if all seeds agree.
    """
    base = trials[trials["change"] == BASE].set_index("seed")["log_loss"]
    paired = trials.assign(difference=trials["log_loss"] - trials["seed"].map(base))
    groups = paired.groupby("change", sort=False)
    table = groups.agg(
        seeds=("seed", "size"), accuracy=("accuracy", "mean"), accuracy_min=("accuracy", "min"),
        accuracy_max=("accuracy", "max"), log_loss=("log_loss", "mean"),
        log_loss_low=("log_loss", "min"), log_loss_high=("log_loss", "max"),
        difference=("difference", "mean"), difference_min=("difference", "min"),
        difference_max=("difference", "max"), seconds=("seconds", "mean"),
    ).reset_index()  # fmt: skip
    several = table["seeds"] > 1  # one seed shows nothing
    helps, harms = several & (table["difference_max"] < 0), several & (table["difference_min"] > 0)
    finding = np.select(
        [table["change"] == BASE, helps, harms], ["", "helps", "harms"], "not shown"
    )
    table = table.assign(finding=finding, loss=table["log_loss"].round(9))
    table = table.sort_values(["loss", "change"], ignore_index=True)
    return table[list(SUMMARY_COLUMNS)]


def choose_settings(trials: pd.DataFrame, settings: LstmSettings) -> tuple[str, LstmSettings]:
    """The change with the least mean log loss among those that help with every seed, or none."""
    summary = summarise_trials(trials)
    helping = summary.loc[summary["finding"] == "helps", "change"]
    change = BASE if helping.empty else str(helping.iloc[0])
    return change, settings if change == BASE else change_settings(settings, change)


def cross_lstm(
    settings: LstmSettings,
    documents: Documents,
    labels: Labels,
    folds: Sequence[Fold],
    source: VectorSource,
    *,
    seed: int,
    n_jobs: int,
) -> dict[int, Scores]:
    """Score each document by networks that have not seen it, vectors and vocabulary included.

    Returns:
        Scores of the first member alone (1), and of all members.
    """

    def judge(fold: Fold, n_jobs: int = 1) -> dict[int, Scores]:
        learn, unseen = ([documents[row] for row in part] for part in fold)
        model = LstmClassifier(settings, seed).fit(learn, labels[fold[0]], source, n_jobs)
        return {count: model.first(count).scores(unseen) for count in counts}

    counts = sorted({1, settings.ensemble_size})
    scores = {count: np.zeros(len(labels)) for count in counts}
    together = (
        len(folds) - len(folds) % n_jobs
    )  # the others share the processes among their members
    found = chain(
        run_networks([partial(judge, fold) for fold in folds[:together]], n_jobs),
        (judge(fold, n_jobs) for fold in folds[together:]),
    )
    for number, (fold, of_fold) in enumerate(zip(folds, found, strict=True), start=1):
        logger.info("LSTM, cross-validation: fold %s of %s", number, len(folds))
        for count in counts:
            scores[count][fold[1]] = of_fold[count]
    return scores


def _run(
    trial: Trial, documents: Documents, labels: Labels
) -> tuple[tuple[Any, ...], pd.DataFrame]:
    started = time.perf_counter()
    learn, judge = ([documents[row] for row in part] for part in (trial.learn, trial.judge))
    model = LstmClassifier(trial.settings, trial.seed).fit(learn, labels[trial.learn], trial.source)
    loss, accuracy = judge_scores(model.scores(judge), labels[trial.judge])
    history = pd.DataFrame(model.history).assign(change=trial.change, seed=trial.seed)
    row: Mapping[str, Any] = {
        "change": trial.change, "seed": trial.seed, "n": len(judge), "accuracy": accuracy,
        "log_loss": loss, "epochs": len(history), "seconds": time.perf_counter() - started,
    }  # fmt: skip
    return tuple(row[name] for name in TRIAL_COLUMNS), history
