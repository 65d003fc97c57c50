"""Accuracy by number of training reviews, with the settings tuned on all of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from triptych.classification.metrics import with_wilson
from triptych.classification.sampling import draw_rows
from triptych.nlp.classifier import Documents, Labels, Scores
from triptych.nlp.duplicates import Groups
from triptych.nlp.folds import Labelled

CURVE_COLUMNS = ("model", "size", "repeat", "n", "accuracy", "low", "high")
CurveRow = tuple[str, int, int, int, float]  # without the interval
# Fits with a seed, and returns the function that scores other documents (positive for class 1).
Fit = Callable[[Documents, Labels, Groups, int], Callable[[Documents], Scores]]


def list_fits(
    fits: Mapping[str, Fit],
    training: Labelled,
    test: Labelled,
    sizes: Sequence[tuple[int, int]],
    seed: int,
) -> list[Callable[[], CurveRow]]:
    """List the fits on nested random samples of the training documents, for `run_jobs`.

    `sizes` are pairs: the size of samples and their number.
    """
    return [
        partial(_measure, name, fit, training, test, size, repeat, seed + repeat)
        for size, repeats in sizes
        for repeat in range(repeats)
        for name, fit in fits.items()
    ]


def _measure(
    name: str, fit: Fit, training: Labelled, test: Labelled, size: int, repeat: int, seed: int
) -> CurveRow:
    documents, labels, groups = training
    rows = draw_rows(labels, size, seed)
    score = fit([documents[row] for row in rows.tolist()], labels[rows], groups[rows], seed)
    correct = (score(test[0]) >= 0) == test[1]
    return name, size, repeat, len(correct), float(np.mean(correct))


def curve_table(rows: Iterable[CurveRow]) -> pd.DataFrame:
    """Make a table of rows and add Wilson's 95 % interval (CURVE_COLUMNS)."""
    return with_wilson(pd.DataFrame(rows, columns=list(CURVE_COLUMNS[:-2])))
