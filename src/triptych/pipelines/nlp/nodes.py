"""From raw reviews to a chosen classifier: all of it within the training split."""

import logging
import time
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from triptych.classification.sampling import draw_rows
from triptych.nlp.ablation import measure_effects
from triptych.nlp.calibration import cross_fitted_log_odds, sigmoid
from triptych.nlp.config import FAMILIES, ModelSettings
from triptych.nlp.document_models import BLEND, ReviewModel, blend_scores, choose_members
from triptych.nlp.errors import ReviewsRefusedError
from triptych.nlp.learning_curve import fit_model
from triptych.nlp.lstm_config import LstmSettings
from triptych.nlp.preprocessing import Document
from triptych.nlp.reading import ReadReviews
from triptych.nlp.tuning import Tuned, judge_scores, tune
from triptych.nlp.validation import ReviewLimits, check_reviews, explain_refusal
from triptych.parameters.reviews import ReviewParameters
from triptych.pipelines.nlp.frames import (
    CROSS_VALIDATION,
    TRAIN,
    count_words,
    documents_of,
    labels_of,
    predictions_table,
)

logger = logging.getLogger(__name__)


def check_raw_reviews(
    review_source: ReadReviews, nlp: ReviewParameters, seed: int
) -> dict[str, Any]:
    """Leave out what cannot be used, and list it.

    Returns:
        `checked_reviews` (item, split, review, polarity), `rejected_reviews`, with reasons, and
        `review_refusal`: why the whole set is refused, or empty.

    Raises:
        NlpError: a split or a column is missing.
    """
    limits = ReviewLimits(
        nlp.max_characters, nlp.max_rejected_share, tuple({TRAIN: 0, nlp.test_split: 0})
    )
    raw_reviews = review_source(nlp.source, nlp.sample_reviews.model_dump(), seed)
    kept, refused = check_reviews(raw_reviews, limits)
    logger.info("Reviews: %s kept, %s left out", f"{len(kept):,}", f"{len(refused):,}")
    refusal = explain_refusal(kept, refused, limits)
    return {"checked_reviews": kept, "rejected_reviews": refused, "review_refusal": refusal}


def accept_reviews(checked_reviews: pd.DataFrame, review_refusal: str) -> pd.DataFrame:
    """Hand the reviews on; by now the list of rejected ones is written, whatever comes.

    Raises:
        ReviewsRefusedError: too many are rejected, or a split has one class alone.
    """
    if review_refusal:
        raise ReviewsRefusedError(review_refusal)
    return checked_reviews


def summarise_reviews(reviews: pd.DataFrame) -> pd.DataFrame:
    """Count reviews and their lengths by split and class.

    Returns:
        split, polarity, n, and quantiles of words and characters.
    """
    sizes = reviews.assign(
        words=count_words(reviews["review"]), characters=reviews["review"].str.len()
    )
    groups = sizes.groupby(["split", "polarity"])
    columns = {"n": groups.size()}
    for measure in ("words", "characters"):
        for share in (0.1, 0.5, 0.9):
            columns[f"{measure}_{share:.0%}"] = groups[measure].quantile(share)
    return pd.DataFrame(columns).reset_index()


def prepare_reviews(reviews: pd.DataFrame, nlp: ReviewParameters) -> dict[str, pd.DataFrame]:
    """Clean, split and stem each review by itself.

    Returns:
        `training_documents` and `holdout_documents` (all other splits), DOCUMENT_COLUMNS: what
        learns never sees what is judged.
    """
    documents = nlp.preparation.build().prepare(reviews["review"])
    table = pd.DataFrame(documents, columns=list(Document._fields), index=reviews.index)
    table = pd.concat([reviews[["item", "split", "polarity"]], table], axis=1)
    of_training = table["split"] == TRAIN
    return {
        "training_documents": table[of_training].reset_index(drop=True),
        "holdout_documents": table[~of_training].reset_index(drop=True),
    }


def measure_preparation(reviews: pd.DataFrame, nlp: ReviewParameters, seed: int) -> pd.DataFrame:
    """Turn each step of the preparation on or off, and judge it out of fold in training alone.

    Returns:
        triptych.nlp.ablation.EFFECT_COLUMNS.
    """
    training = reviews[reviews["split"] == TRAIN]
    labels = training["polarity"].to_numpy(dtype=np.int64)
    rows = draw_rows(labels, nlp.tuning_reviews, seed)
    settings = FAMILIES[nlp.effects_model][0]
    return measure_effects(
        training["review"].iloc[rows].tolist(), labels[rows], nlp.preparation.build(),
        tuple(nlp.preparation.stop_words), settings, n_splits=nlp.n_splits, seed=seed,
    )  # fmt: skip


def tune_classifiers(
    training_documents: pd.DataFrame, nlp: ReviewParameters, seed: int
) -> dict[str, Any]:
    """Search the settings of each classical family, then the members of the blend, out of fold.

    Returns:
        `text_trials`; `tuned_text_models`: by family the settings and out-of-fold scores;
        `blend_members`.
    """
    labels = labels_of(training_documents)
    rows = draw_rows(labels, nlp.tuning_reviews, seed)
    documents, labels = documents_of(training_documents.iloc[rows]), labels[rows]
    logger.info("Tuning %s families on %s reviews", len(nlp.models), f"{len(labels):,}")
    tuned, trials = tune(
        nlp.models, documents, labels, n_trials=nlp.n_trials, n_splits=nlp.n_splits, seed=seed
    )
    return {
        "text_trials": trials,
        "tuned_text_models": tuned,
        "blend_members": choose_members(tuned, labels),
    }


def rank_models(
    training_documents: pd.DataFrame,
    tuned_text_models: dict[str, Tuned[ModelSettings]],
    tuned_lstms: dict[str, Tuned[LstmSettings]],
    blend_members: list[str],
    nlp: ReviewParameters,
    seed: int,
) -> dict[str, Any]:
    """Rank all models, classical and LSTM, by the log loss of calibrated out-of-fold scores.

    Returns:
        `text_ranking`: least log loss first; `text_cross_validation`: out-of-fold predictions of
        the tuning reviews.
    """
    rows = draw_rows(labels_of(training_documents), nlp.tuning_reviews, seed)
    tuned_on = training_documents.iloc[rows].assign(split=CROSS_VALIDATION)
    labels = labels_of(tuned_on)
    scores = {name: found.scores for name, found in tuned_text_models.items()}
    scores |= {name: found.scores for name, found in tuned_lstms.items()}
    if len(blend_members) > 1:
        scores[BLEND] = blend_scores(tuned_text_models, blend_members, labels)
    losses = {name: judge_scores(row, labels)[0] for name, row in scores.items()}
    chances = {name: sigmoid(cross_fitted_log_odds(row, labels)) for name, row in scores.items()}
    ranking = sorted(losses, key=lambda name: (round(losses[name], 9), name))
    logger.info(
        "Chosen by cross-validation: %s (blend of %s)", ranking[0], ", ".join(blend_members)
    )
    return {
        "text_ranking": ranking,
        "text_cross_validation": predictions_table(chances, tuned_on),
    }


def fit_classifiers(
    training_documents: pd.DataFrame,
    tuned_text_models: dict[str, Tuned[ModelSettings]],
    blend_members: list[str],
    nlp: ReviewParameters,
    seed: int,
) -> dict[str, Any]:
    """Fit every tuned classical classifier, and the blend, on all training reviews.

    Returns:
        `text_models`: ReviewModels by name; `text_timings`: model, fit_seconds.
    """
    documents, labels = documents_of(training_documents), labels_of(training_documents)
    rows = draw_rows(labels, nlp.tuning_reviews, seed)
    models, timings = {}, []
    for name in [*tuned_text_models, *([BLEND] if len(blend_members) > 1 else [])]:
        started = time.perf_counter()
        fitted = fit_model(
            name, tuned_text_models, blend_members, documents, labels, seed, tuned_on=rows
        )
        timings.append((name, time.perf_counter() - started))
        found = tuned_text_models.get(name)
        about = asdict(found.settings) if found else {"members": blend_members}
        models[name] = ReviewModel(name, nlp.preparation.build(), fitted, about)
        logger.info("Fitted %s in %.1f s", name, timings[-1][1])
    table = pd.DataFrame(timings, columns=["model", "fit_seconds"])
    return {"text_models": models, "text_timings": table}
