"""How accuracy grows with the number of training reviews, settings unchanged."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from triptych.classification.metrics import wilson
from triptych.classification.sampling import draw_rows
from triptych.execution.parallel import run_jobs, run_networks
from triptych.nlp.calibration import Calibration
from triptych.nlp.classifier import Documents, TextClassifier
from triptych.nlp.config import ModelSettings
from triptych.nlp.document_models import (
    BLEND,
    Blend,
    CalibratedClassifier,
    DocumentModel,
    blend_scores,
)
from triptych.nlp.lstm import LstmClassifier
from triptych.nlp.lstm_config import LstmSettings
from triptych.nlp.nbsvm import Labels
from triptych.nlp.tuning import Rows, Tuned, cross_scores, stratified_folds
from triptych.nlp.word_vectors import VectorSource

CURVE_COLUMNS = ("model", "size", "repeat", "n", "accuracy", "low", "high")
CurveRow = tuple[str, int, int, int, float]  # without the interval


def fit_members(
    settings: Mapping[str, ModelSettings],
    documents: Documents,
    labels: Labels,
    n_splits: int,
    seed: int,
) -> dict[str, Tuned[ModelSettings]]:
    """Score documents out of fold by given settings: what calibrating them needs."""
    parts = stratified_folds(labels, n_splits, seed)
    scores = cross_scores(list(settings.values()), documents, labels, parts, seed)
    return {
        name: Tuned(chosen, row)
        for (name, chosen), row in zip(settings.items(), scores, strict=True)
    }


def fit_model(
    name: str,
    tuned: Mapping[str, Tuned[ModelSettings]],
    members: Sequence[str],
    documents: Documents,
    labels: Labels,
    seed: int,
    tuned_on: Rows | None = None,
) -> DocumentModel:
    """Fit one of the tuned families, or the blend of `members`, on all documents.

    Args:
        name: of a family, or BLEND.
        tuned: settings and out-of-fold scores.
        members: of the blend.
        documents, labels: to learn from.
        seed: of the linear models.
        tuned_on: the documents that the out-of-fold scores are of; None: all.
    """
    known = labels if tuned_on is None else labels[tuned_on]

    def fit(family: str) -> CalibratedClassifier:
        classifier = TextClassifier(tuned[family].settings, seed).fit(documents, labels)
        return CalibratedClassifier(classifier, Calibration.learn(tuned[family].scores, known))

    if name != BLEND:
        return fit(name)
    calibration = Calibration.learn(blend_scores(tuned, members, known), known)
    return Blend({member: fit(member) for member in members}, calibration)


def learning_curve(
    compared: Mapping[str, Mapping[str, ModelSettings]],
    training: tuple[Documents, Labels],
    judged: tuple[Documents, Labels],
    *,
    sizes: Sequence[int],
    repeats: int,
    n_splits: int,
    seed: int,
    n_jobs: int,
) -> pd.DataFrame:
    """Fit on nested random parts of the training documents, and judge each on the same others.

    Args:
        compared: the settings of each model's members by model name; one member is no blend.
        training, judged: documents and labels.
        sizes: reviews to train on; those that are not there are left out, all are always tried.
        repeats: how many times a part is drawn anew; all reviews are drawn once.
        n_splits: for calibrating.
        seed: of the draws.
        n_jobs: processes.

    Returns:
        CURVE_COLUMNS, low and high Wilson's 95 % interval.
    """
    documents, labels = training

    def judge(draw: tuple[int, int], name: str) -> CurveRow:
        size, repeat = draw
        chosen = draw_rows(labels, size, seed + repeat)
        part, of_part = [documents[row] for row in chosen.tolist()], labels[chosen]
        members = compared[name]
        tuned = fit_members(members, part, of_part, n_splits, seed)
        kind = BLEND if len(members) > 1 else next(iter(members))
        model = fit_model(kind, tuned, list(members), part, of_part, seed)
        right = (model.log_odds(judged[0]) >= 0) == judged[1]
        return name, size, repeat, len(right), float(right.mean())

    draws = [*curve_draws(sizes, repeats, len(documents)), (len(documents), 0)]
    tasks = [partial(judge, draw, name) for draw in draws for name in compared]
    return curve_table(list(run_jobs(tasks, n_jobs)))


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
    """Train on the parts of the training documents that learning_curve draws.

    The full training split is left out: that is the model itself.

    Returns:
        CURVE_COLUMNS.
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


def curve_draws(sizes: Sequence[int], repeats: int, there: int) -> list[tuple[int, int]]:
    """The parts that a curve is drawn from, as pairs (size, repeat), smaller than what is there."""
    return [(size, repeat) for size in sizes if size < there for repeat in range(repeats)]


def curve_table(rows: Sequence[CurveRow]) -> pd.DataFrame:
    """Frame CURVE_COLUMNS of rows that lack the interval."""
    table = pd.DataFrame(rows, columns=list(CURVE_COLUMNS[:-2]))
    low, high = wilson(table["accuracy"].to_numpy(), table["n"].to_numpy())
    return table.assign(low=low, high=high)
