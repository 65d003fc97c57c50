"""Folds of cross-validation that keep the reviews of a group together."""

import numpy as np
import numpy.typing as npt

from triptych.nlp.classifier import Documents, Labels, Rows
from triptych.nlp.duplicates import Groups
from triptych.nlp.errors import ReviewSourceError

Labelled = tuple[Documents, Labels, Groups]
Fold = tuple[Rows, Rows]  # training rows, held-out rows
_BUCKETS = 200  # of ungrouped rows, by class
_STOPPING_FOLDS = 10


def grouped_folds(labels: Labels, groups: Groups, n_splits: int, seed: int) -> list[Fold]:
    """Split rows into shuffled folds with similar class shares; fewer if a class has fewer rows or
    there are fewer groups. ReviewSourceError if there cannot be two.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    codes = _bucket(labels, groups, seed)
    most = min(n_splits, int(np.bincount(labels, minlength=2).min()), len(np.unique(codes)))
    if most < 2:  # noqa: PLR2004
        raise ReviewSourceError(
            "Too few training reviews for cross-validation: it needs several of each class, of "
            "several films. Add some, or leave the field `film` empty where it is unknown."
        )
    stratified = StratifiedGroupKFold(most, shuffle=True, random_state=seed)
    folds = stratified.split(labels, labels, codes)
    return [(train, held_out) for train, held_out in folds if len(held_out)]


def nested_folds(
    labels: Labels, groups: Groups, n_splits: int, inner_splits: int, seed: int
) -> list[list[Fold]]:
    """The folds of all rows, and then those of the training rows of each of these folds."""
    outer = grouped_folds(labels, groups, n_splits, seed)
    levels = [outer]
    for rows, _ in outer:
        inner = grouped_folds(labels[rows], groups[rows], inner_splits, seed)
        levels.append([(rows[train], rows[held_out]) for train, held_out in inner])
    return levels


def early_stopping_split(labels: Labels, groups: Groups, seed: int) -> Fold:
    """The rows to train on, and about a tenth for early stopping."""
    folds = grouped_folds(labels, groups, _STOPPING_FOLDS, seed)
    wanted = len(labels) / _STOPPING_FOLDS  # a fold of one large group may have more
    return min(folds, key=lambda fold: abs(len(fold[1]) - wanted))


def _bucket(labels: Labels, groups: Groups, seed: int) -> npt.NDArray[np.intp]:
    """Put rows without a group into random ones: scikit-learn takes 0.1 ms a group and fold."""
    _, codes, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    alone, rng = sizes[codes] == 1, np.random.default_rng(seed)
    for label in (0, 1):
        single = rng.permutation(np.flatnonzero(alone & (labels == label)))
        codes[single] = len(sizes) + label * _BUCKETS + np.arange(len(single)) % _BUCKETS
    return codes
