"""What each step of preparation is worth: one switch turned at a time, judged out of fold."""

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace

import numpy as np
import pandas as pd

from triptych.classification.significance import mcnemar
from triptych.nlp.calibration import cross_fitted_log_odds
from triptych.nlp.config import ModelSettings
from triptych.nlp.nbsvm import Labels
from triptych.nlp.preprocessing import Preparation
from triptych.nlp.tuning import cross_scores, judge_scores, stratified_folds

_WORD_KINDS = {"words": "stems", "stems": "words"}
EFFECT_COLUMNS = ("step", "change", "accuracy", "log_loss", "difference", "p_mid")


def measure_effects(
    reviews: Sequence[str],
    labels: Labels,
    preparation: Preparation,
    stop_words: tuple[str, ...],
    settings: ModelSettings,
    *,
    n_splits: int,
    seed: int,
) -> pd.DataFrame:
    """Turn each step on or off and judge the same model on the same folds.

    Args:
        reviews: raw texts of the training split.
        preparation: the one in use, which the first row judges.
        stop_words: those that are left out where that step is turned on.
        settings: the classifier, which counts words or stems.

    Returns:
        EFFECT_COLUMNS: accuracy and log loss out of fold; `difference` is the accuracy less that of
        the preparation in use, with McNemar's mid-p value.
    """
    parts = stratified_folds(labels, n_splits, seed)
    used: np.ndarray[tuple[int], np.dtype[np.bool_]] | None = None
    rows = []
    other = replace(settings, analyzer=_WORD_KINDS[settings.analyzer])
    turned = "on" if other.analyzer == "stems" else "off"
    variants = [(*variant, settings) for variant in _variants(preparation, stop_words)]
    variants.insert(1, ("stemming", turned, preparation, other))
    for step, change, changed, classifier in variants:
        documents = changed.prepare(reviews)
        (scores,) = cross_scores([classifier], documents, labels, parts, seed)
        loss, accuracy = judge_scores(scores, labels)
        right = (cross_fitted_log_odds(scores, labels) >= 0) == (labels == 1)
        used = right if used is None else used
        gained, lost = int((right & ~used).sum()), int((~right & used).sum())
        rows.append(
            (step, change, accuracy, loss, (gained - lost) / len(right), mcnemar(gained, lost)[1])
        )
    return pd.DataFrame(rows, columns=list(EFFECT_COLUMNS))


def _variants(
    preparation: Preparation, stop_words: tuple[str, ...]
) -> Iterator[tuple[str, str, Preparation]]:
    yield "as it is", "", preparation
    for part in ("cleaning", "tokens"):
        rules = getattr(preparation, part)
        for switch in (field.name for field in fields(rules) if field.name != "stop_words"):
            turned = not getattr(rules, switch)
            changed = replace(rules, **{switch: turned})
            yield switch, "on" if turned else "off", replace(preparation, **{part: changed})
    tokens = preparation.tokens
    changed_words = () if tokens.stop_words else stop_words
    yield (
        "stop_words",
        "left out" if changed_words else "kept",
        replace(preparation, tokens=replace(tokens, stop_words=changed_words)),
    )
