"""How accuracy grows with the number of training reviews, settings unchanged."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from triptych.nlp.calibration import Calibration
from triptych.nlp.classifier import Documents
from triptych.nlp.judging import wilson
from triptych.nlp.models import BLEND, Blend, CalibratedClassifier, DocumentModel, blend_scores
from triptych.nlp.nb_weights import Labels
from triptych.nlp.settings import ModelSettings
from triptych.nlp.tuning import Tuned, cross_scores, stratified_folds

CURVE_COLUMNS = ("model", "size", "repeat", "n", "accuracy", "low", "high")


def fit_members(
    settings: Mapping[str, ModelSettings],
    documents: Documents,
    labels: Labels,
    folds: int,
    seed: int,
) -> dict[str, Tuned]:
    """Score documents out of fold by given settings: what calibrating them needs."""
    parts = stratified_folds(labels, folds, seed)
    scores = cross_scores(list(settings.values()), documents, labels, parts, seed)
    return {
        name: Tuned(chosen, row)
        for (name, chosen), row in zip(settings.items(), scores, strict=True)
    }


def fit_model(
    name: str, tuned: Mapping[str, Tuned], members: Sequence[str], documents: Documents,
    labels: Labels, seed: int,
) -> DocumentModel:  # fmt: skip
    """Fit one of the tuned families, or the blend of `members`, on all documents."""
    if name != BLEND:
        return CalibratedClassifier.fit(tuned[name], documents, labels, seed)
    calibration = Calibration.learn(blend_scores(tuned, members, labels), labels)
    fitted = {m: CalibratedClassifier.fit(tuned[m], documents, labels, seed) for m in members}
    return Blend(fitted, calibration)


def learning_curve(
    compared: Mapping[str, Mapping[str, ModelSettings]],
    training: tuple[Documents, Labels],
    judged: tuple[Documents, Labels],
    *,
    sizes: Sequence[int],
    repeats: int,
    folds: int,
    seed: int,
) -> pd.DataFrame:
    """Fit on nested random parts of the training documents, and judge each on the same others.

    Args:
        compared: the settings of each model's members by model name; one member is no blend.
        training, judged: documents and labels.
        sizes: reviews to train on; those that are not there are left out, all are always tried.
        repeats: how many times a part is drawn anew; all reviews are drawn once.
        folds: for calibrating.
        seed: of the draws.

    Returns:
        CURVE_COLUMNS, low and high Wilson's 95 % interval.
    """
    documents, labels = training
    steps = [size for size in sizes if size < len(documents)]
    draws = [(size, repeat) for size in steps for repeat in range(repeats)]
    rows = []
    for size, repeat in [*draws, (len(documents), 0)]:
        chosen = _draw(labels, size, seed + repeat)
        part, of_part = [documents[row] for row in chosen.tolist()], labels[chosen]
        for name, settings in compared.items():
            tuned = fit_members(settings, part, of_part, folds, seed)
            kind = BLEND if len(settings) > 1 else next(iter(settings))
            model = fit_model(kind, tuned, list(settings), part, of_part, seed)
            right = (model.log_odds(judged[0]) >= 0) == judged[1]
            rows.append((name, size, repeat, len(right), float(right.mean())))
    table = pd.DataFrame(rows, columns=list(CURVE_COLUMNS[:-2]))
    low, high = wilson(table["accuracy"].to_numpy(), table["n"].to_numpy())
    return table.assign(low=low, high=high)


def _draw(labels: Labels, size: int, seed: int) -> "np.ndarray[tuple[int], np.dtype[np.intp]]":
    """Rows at random, both classes in their shares; a smaller draw is part of a larger one."""
    order = np.random.default_rng(seed).permutation(len(labels))
    place = np.empty(len(labels))
    for label in (0, 1):
        of_label = order[labels[order] == label]
        place[of_label] = (np.arange(len(of_label)) + 0.5) / len(of_label)
    return np.asarray(np.argsort(place, kind="stable")[:size], dtype=np.intp)
