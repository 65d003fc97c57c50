"""The search for settings: every candidate judged out of fold, within the training split alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.nlp.calibration import cross_fitted_log_odds, sigmoid
from triptych.nlp.classifier import Documents, LinearHead, Scores
from triptych.nlp.config import ModelSettings, list_candidates
from triptych.nlp.features import make_features
from triptych.nlp.lstm_config import LstmSettings
from triptych.nlp.nbsvm import Labels

Rows = npt.NDArray[np.intp]
Fold = tuple[Rows, Rows]
TRIAL_COLUMNS = ("model", "number", "log_loss", "accuracy", "settings")


_Settings = TypeVar("_Settings", ModelSettings, LstmSettings)


@dataclass(frozen=True)
class Tuned(Generic[_Settings]):
    """The settings of a model and its out-of-fold scores of the training documents."""

    settings: _Settings
    scores: Scores


def stratified_folds(labels: Labels, count: int, seed: int) -> list[Fold]:
    """Part rows in `count` folds of like shares of both classes: pairs (learn, judge)."""
    from sklearn.model_selection import StratifiedKFold

    parts = StratifiedKFold(count, shuffle=True, random_state=seed)
    return list(parts.split(np.zeros(len(labels)), labels))


def cross_scores(
    candidates: Sequence[ModelSettings],
    documents: Documents,
    labels: Labels,
    folds: Sequence[Fold],
    seed: int,
) -> Scores:
    """Score each document by models that have not seen it, vocabulary and weights included.

    Candidates that count the same share the matrices of a fold, which costs the most.

    Returns:
        A row a candidate, a column a document.
    """
    scores = np.zeros((len(candidates), len(documents)))
    order = sorted(range(len(candidates)), key=lambda row: candidates[row].features)
    for learn, judge in folds:
        for features, rows in groupby(order, key=lambda row: candidates[row].features):
            vectoriser = make_features(*features)
            known = vectoriser.fit_transform([documents[row] for row in learn])
            unseen = vectoriser.transform([documents[row] for row in judge])
            for row in rows:
                head = LinearHead(candidates[row], seed).fit(known, labels[learn])
                scores[row, judge] = head.scores(unseen)
    return scores


def tune(
    families: Sequence[str],
    documents: Documents,
    labels: Labels,
    *,
    n_trials: int,
    n_splits: int,
    seed: int,
) -> tuple[dict[str, Tuned[ModelSettings]], pd.DataFrame]:
    """Take the settings of each family with the least out-of-fold log loss.

    The loss is that of calibrated scores: it tells two models apart that make the same number of
    mistakes, which on few reviews is most of them.

    Returns:
        The best of each family, and all trials TRIAL_COLUMNS.

    Raises:
        UnknownChoiceError: there is no such family.
    """
    named = [(family, settings) for family in families
             for settings in list_candidates(family, n_trials, seed)]  # fmt: skip
    parts = stratified_folds(labels, n_splits, seed)
    scores = cross_scores([settings for _, settings in named], documents, labels, parts, seed)
    rows = list(_trials(named, scores, labels))
    table = pd.DataFrame(rows, columns=list(TRIAL_COLUMNS))
    best = table["log_loss"].round(9).groupby(table["model"], sort=False).idxmin()
    return {str(family): Tuned(named[row][1], scores[row]) for family, row in best.items()}, table


def judge_scores(scores: Scores, labels: Labels) -> tuple[float, float]:
    """Log loss and accuracy of out-of-fold scores, once calibrated (cross-fitted)."""
    chances = sigmoid(cross_fitted_log_odds(scores, labels))
    of_label = np.where(labels == 1, chances, 1 - chances)
    return float(-np.log(of_label).mean()), float(((chances >= 0.5) == labels).mean())  # noqa: PLR2004


def _trials(
    named: Sequence[tuple[str, ModelSettings]], scores: Scores, labels: Labels
) -> Iterator[tuple[Any, ...]]:
    import json

    counts: Mapping[str, int] = {}
    for (family, settings), row in zip(named, scores, strict=True):
        number = counts.get(family, 0)
        counts = {**counts, family: number + 1}
        written = json.dumps(asdict(settings), sort_keys=True)
        yield (family, number, *judge_scores(row, labels), written)
