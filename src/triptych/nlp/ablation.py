"""Ablation of the preparation: one step switched at a time, evaluated out of fold."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from triptych.classification.metrics import mcnemar
from triptych.execution.progress import track
from triptych.nlp.classifier import Labels, cross_fitted_log_odds
from triptych.nlp.config import BASELINE, ModelSettings
from triptych.nlp.duplicates import Groups
from triptych.nlp.folds import grouped_folds
from triptych.nlp.preprocessing import Preparation
from triptych.nlp.tuning import cross_scores, evaluate_scores

EFFECT_COLUMNS = ("step", "change", "accuracy", "log_loss", "difference", "p_mid")


def measure_effects(
    reviews: Sequence[str],
    labels: Labels,
    groups: Groups,
    preparation: Preparation,
    settings: ModelSettings,
    *,
    n_splits: int,
    seed: int,
) -> pd.DataFrame:
    """Evaluate a classifier of words or stems with each step of a preparation switched.

    Args:
        reviews: raw texts of the training split.

    Returns:
        EFFECT_COLUMNS: out-of-fold accuracy and log loss; `difference` is the accuracy less that of
        the baseline, with McNemar's mid-p value.
    """
    stemming = settings.analyzer == "stems"
    other = replace(settings, analyzer="words" if stemming else "stems")
    variants = [(BASELINE, "", preparation, settings)]
    variants += [("stemming", "off" if stemming else "on", preparation, other)]
    for step, used in preparation:
        if isinstance(used, bool):
            changed = preparation.model_copy(update={step: not used})
            variants += [(step, "off" if used else "on", changed, settings)]
    folds = grouped_folds(labels, groups, n_splits, seed)
    correct, rows = [], []
    for step, change, variant, classifier in track(variants, "Effects of the preparation"):
        documents = variant.prepare(reviews)
        scores = cross_scores([classifier], documents, labels, [folds], seed)[0, 0]
        loss, accuracy = evaluate_scores(scores, labels)
        correct.append((cross_fitted_log_odds(scores, labels) >= 0) == (labels == 1))
        gained = int(np.sum(correct[-1] & ~correct[0]))
        lost = int(np.sum(correct[0] & ~correct[-1]))
        p_mid = mcnemar(gained, lost)[1]
        rows.append((step, change, accuracy, loss, (gained - lost) / len(labels), p_mid))
    return pd.DataFrame(rows, columns=list(EFFECT_COLUMNS))
