"""Accuracy by number of training reviews, with the settings tuned on all of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from triptych.classification.metrics import wilson
from triptych.classification.sampling import draw_rows
from triptych.nlp.classifier import Documents, Labels, Scores
from triptych.nlp.config import LstmSettings, ModelSettings
from triptych.nlp.lstm import LstmClassifier
from triptych.nlp.preprocessing import Preparation
from triptych.nlp.tuning import Tuned, cross_scores, fit_model, stratified_folds
from triptych.nlp.word_vectors import VectorSource

CURVE_COLUMNS = ("model", "size", "repeat", "n", "accuracy", "low", "high")
CurveRow = tuple[str, int, int, int, float]  # without the interval
# Fits on documents and labels with a seed, and returns the log-odds of other documents.
Fit = Callable[[Documents, Labels, int], Callable[[Documents], Scores]]


def classical_fit(members: Mapping[str, ModelSettings], n_splits: int, seed: int) -> Fit:
    """The fit of a classical model, or of the blend of several, calibrated on `n_splits` folds."""

    def fit(documents: Documents, labels: Labels, _: int) -> Callable[[Documents], Scores]:
        folds = stratified_folds(labels, n_splits, seed)
        scores = cross_scores(list(members.values()), documents, labels, folds, seed)
        pairs = zip(members.items(), scores, strict=True)
        tuned = {name: Tuned(settings, row) for (name, settings), row in pairs}
        return fit_model(
            "curve", tuned, list(members), documents, labels, seed=seed, preparation=Preparation()
        ).log_odds

    return fit


def lstm_fit(settings: LstmSettings, source: VectorSource) -> Fit:
    """The fit of a network."""
    return lambda documents, labels, seed: (
        LstmClassifier(settings, seed).fit(documents, labels, source).scores
    )


def list_tasks(
    fits: Mapping[str, Fit],
    training: tuple[Documents, Labels],
    test: tuple[Documents, Labels],
    *,
    sizes: Sequence[int],
    repeats: int,
    seed: int,
) -> list[Callable[[], CurveRow]]:
    """List the fits on nested random samples of the training documents, each for `run_jobs`.

    Args:
        fits: by model.
        training, test: documents and labels.
        sizes: of the samples; those below the size of the training split are used.
        repeats: samples per size.
        seed: of the samples.
    """
    draws = [(n, repeat) for n in sizes if n < len(training[1]) for repeat in range(repeats)]
    return [
        partial(measure_accuracy, name, fit, training, test, size=size, repeat=repeat, seed=seed)
        for size, repeat in draws
        for name, fit in fits.items()
    ]


def measure_accuracy(
    name: str,
    fit: Fit,
    training: tuple[Documents, Labels],
    test: tuple[Documents, Labels],
    *,
    size: int,
    repeat: int,
    seed: int,
) -> CurveRow:
    """Fit on a sample of the training documents and measure the accuracy on the test documents."""
    documents, labels = training
    rows = draw_rows(labels, size, seed + repeat)
    log_odds = fit([documents[row] for row in rows.tolist()], labels[rows], seed + repeat)(test[0])
    return name, size, repeat, len(log_odds), float(np.mean((log_odds >= 0) == test[1]))


def curve_table(rows: Iterable[CurveRow]) -> pd.DataFrame:
    """Make a table of rows and add Wilson's 95 % interval (CURVE_COLUMNS)."""
    table = pd.DataFrame(rows, columns=list(CURVE_COLUMNS[:-2]))
    low, high = wilson(table["accuracy"].to_numpy(), table["n"].to_numpy())
    return table.assign(low=low, high=high)
