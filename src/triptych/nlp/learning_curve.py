"""Accuracy by number of training reviews, with the settings tuned on all of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
Score = Callable[[Documents], Scores]  # positive for class 1
Fit = Callable[[Documents, Labels, Groups, int], Score]  # with a seed


def list_fits(
    fits: Mapping[str, Fit],
    training: Labelled,
    test: Labelled,
    sizes: Sequence[tuple[int, int]],
    seed: int,
) -> Iterator[Callable[[], CurveRow]]:
    """List the fits on nested random samples of the training documents, for `run_networks`.

    `sizes` are pairs: the size of samples and their number. A fit holds its sample alone, drawn
    when it is due: the processes need not have all documents.
    """
    documents, labels, groups = training
    for size, repeats in sizes:
        for repeat in range(repeats):
            rows = draw_rows(labels, size, seed + repeat)
            sample = [documents[row] for row in rows.tolist()], labels[rows], groups[rows]
            for name, fit in fits.items():
                yield partial(_measure, name, fit, sample, test, repeat, seed + repeat)


def _measure(
    name: str, fit: Fit, sample: Labelled, test: Labelled, repeat: int, seed: int
) -> CurveRow:
    return measure(name, fit(*sample, seed), test, len(sample[1]), repeat)


def measure(name: str, score: Score, test: Labelled, size: int, repeat: int = 0) -> CurveRow:
    """The accuracy of a model that was fitted on `size` documents."""
    correct = (score(test[0]) >= 0) == test[1]
    return name, size, repeat, len(correct), float(np.mean(correct))


def curve_table(rows: Iterable[CurveRow]) -> pd.DataFrame:
    """Make a table of rows and add Wilson's 95 % interval (CURVE_COLUMNS)."""
    return with_wilson(pd.DataFrame(rows, columns=list(CURVE_COLUMNS[:-2])))
