"""How the LSTM's accuracy grows with the number of training reviews, settings unchanged."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from triptych.classification.sampling import draw_rows
from triptych.execution.parallel import run_networks
from triptych.nlp.classifier import Documents
from triptych.nlp.learning_curve import CurveRow, curve_draws, curve_table
from triptych.nlp.lstm import LstmClassifier
from triptych.nlp.lstm_config import LstmSettings
from triptych.nlp.nbsvm import Labels
from triptych.nlp.word_vectors import VectorSource


def lstm_curve(
    name: str,
    settings: LstmSettings,
    source: VectorSource,
    training: tuple[Documents, Labels],
    judged: tuple[Documents, Labels],
    *,
    sizes: Sequence[int],
    repeats: int,
    seed: int,
    n_jobs: int,
) -> pd.DataFrame:
    """Train on the parts of the training documents that curves.learning_curve draws.

    All of them are left out: that is the model itself.

    Returns:
        curves.CURVE_COLUMNS.
    """
    documents, labels = training

    def judge(draw: tuple[int, int]) -> CurveRow:
        size, repeat = draw
        rows = draw_rows(labels, size, seed + repeat)
        part = [documents[row] for row in rows.tolist()]
        model = LstmClassifier(settings, seed + repeat).fit(part, labels[rows], source)
        right = (model.scores(judged[0]) >= 0) == judged[1]
        return name, size, repeat, len(right), float(np.mean(right))

    draws = curve_draws(sizes, repeats, len(documents))
    return curve_table(list(run_networks([partial(judge, draw) for draw in draws], n_jobs)))
