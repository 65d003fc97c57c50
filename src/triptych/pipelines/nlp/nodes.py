"""Nodes from raw reviews to fitted classical classifiers, within the training split."""

import logging
import time
from typing import Any

import pandas as pd

from triptych.classification.sampling import draw_rows
from triptych.nlp.ablation import measure_effects
from triptych.nlp.classifier import cross_fitted_log_odds
from triptych.nlp.config import FAMILIES, LstmSettings, ModelSettings
from triptych.nlp.errors import ReviewsRefusedError
from triptych.nlp.preprocessing import Document
from triptych.nlp.reading import ReadReviews
from triptych.nlp.tuning import (
    BLEND,
    Tuned,
    blend_scores,
    choose_members,
    evaluate_scores,
    fit_model,
    tune,
)
from triptych.nlp.validation import check_reviews, explain_refusal
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
    """Separate usable reviews from unusable ones.

    Returns:
        `checked_reviews` (item, split, review, polarity); `rejected_reviews`, with reasons;
        `review_refusal`: why the data set is refused, or empty.

    Raises:
        NlpError: a split is missing.
    """
    raw_reviews = review_source(nlp.source, nlp.sample_reviews.model_dump(), seed)
    reviews, rejected = check_reviews(
        raw_reviews, max_characters=nlp.max_characters, needed=(TRAIN, nlp.test_split)
    )
    logger.info("Reviews: %s used, %s rejected", f"{len(reviews):,}", f"{len(rejected):,}")
    refusal = explain_refusal(reviews, rejected, nlp.max_rejected_share)
    return {"checked_reviews": reviews, "rejected_reviews": rejected, "review_refusal": refusal}


def accept_reviews(checked_reviews: pd.DataFrame, review_refusal: str) -> pd.DataFrame:
    """Return the reviews, after the list of rejected ones was saved.

    Raises:
        ReviewsRefusedError: too many are rejected, or a split has one class only.
    """
    if review_refusal:
        raise ReviewsRefusedError(review_refusal)
    return checked_reviews


def summarise_reviews(reviews: pd.DataFrame) -> pd.DataFrame:
    """Count reviews by split and class (polarity), with quantiles of words and characters."""
    sizes = reviews.assign(
        words=count_words(reviews["review"]), characters=reviews["review"].str.len()
    )
    groups = sizes.groupby(["split", "polarity"])
    columns = {"n": groups.size()}
    for measure in ("words", "characters"):
        for share in (0.1, 0.5, 0.9):
            columns[f"{measure}_{share:.0%}"] = groups[measure].quantile(share)
    return pd.DataFrame(columns).reset_index()


def prepare_reviews(
    reviews: pd.DataFrame, nlp: ReviewParameters, seed: int
) -> dict[str, pd.DataFrame]:
    """Clean, tokenise and stem each review.

    Returns:
        `training_documents`, a sample of them, `tuning_documents`, and `holdout_documents` of all
        other splits: DOCUMENT_COLUMNS.
    """
    documents = nlp.preparation.prepare(reviews["review"])
    table = pd.DataFrame(documents, columns=list(Document._fields), index=reviews.index)
    table = pd.concat([reviews[["item", "split", "polarity"]], table], axis=1)
    training = table[table["split"] == TRAIN].reset_index(drop=True)
    sample = draw_rows(labels_of(training), nlp.tuning_reviews, seed)
    return {
        "training_documents": training,
        "tuning_documents": training.iloc[sample].reset_index(drop=True),
        "holdout_documents": table[table["split"] != TRAIN].reset_index(drop=True),
    }


def measure_preparation(
    reviews: pd.DataFrame, tuning_documents: pd.DataFrame, nlp: ReviewParameters, seed: int
) -> pd.DataFrame:
    """Switch each preparation step, and evaluate the effect out of fold (EFFECT_COLUMNS)."""
    texts = reviews.set_index("item").loc[tuning_documents["item"], "review"].tolist()
    return measure_effects(
        texts, labels_of(tuning_documents), nlp.preparation, FAMILIES[nlp.effects_model][0],
        n_splits=nlp.n_splits, seed=seed,
    )  # fmt: skip


def tune_classifiers(
    tuning_documents: pd.DataFrame, nlp: ReviewParameters, seed: int
) -> dict[str, Any]:
    """Tune each classical family and select the members of the blend, out of fold."""
    labels = labels_of(tuning_documents)
    logger.info("Tuning %s families on %s reviews", len(nlp.models), f"{len(labels):,}")
    tuned, trials = tune(
        nlp.models, documents_of(tuning_documents), labels,
        n_trials=nlp.n_trials, n_splits=nlp.n_splits, seed=seed,
    )  # fmt: skip
    return {
        "text_trials": trials,
        "tuned_text_models": tuned,
        "blend_members": choose_members(tuned, labels),
    }


def rank_models(
    tuning_documents: pd.DataFrame,
    tuned_text_models: dict[str, Tuned[ModelSettings]],
    tuned_lstms: dict[str, Tuned[LstmSettings]],
    blend_members: list[str],
) -> dict[str, Any]:
    """Rank all models by the log loss of calibrated out-of-fold scores.

    Returns:
        `text_ranking`, best first; `text_cross_validation`: out-of-fold predictions of the tuning
        reviews.
    """
    from scipy.special import expit

    labels = labels_of(tuning_documents)
    scores = {name: found.scores for name, found in tuned_text_models.items()}
    scores |= {name: found.scores for name, found in tuned_lstms.items()}
    if len(blend_members) > 1:
        scores[BLEND] = blend_scores(tuned_text_models, blend_members, labels)
    losses = {name: evaluate_scores(row, labels)[0] for name, row in scores.items()}
    probabilities = {
        name: expit(cross_fitted_log_odds(row, labels)) for name, row in scores.items()
    }
    ranking = sorted(losses, key=lambda name: (round(losses[name], 9), name))
    logger.info("Best in cross-validation: %s", ranking[0])
    return {
        "text_ranking": ranking,
        "text_cross_validation": predictions_table(
            probabilities, tuning_documents, CROSS_VALIDATION
        ),
    }


def fit_classifiers(
    training_documents: pd.DataFrame,
    tuning_documents: pd.DataFrame,
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
    members = {name: [name] for name in tuned_text_models}
    if len(blend_members) > 1:
        members[BLEND] = blend_members
    models, timings = {}, []
    for name, of_model in members.items():
        started = time.perf_counter()
        models[name] = fit_model(
            name, tuned_text_models, of_model, documents, labels, seed=seed,
            preparation=nlp.preparation, tuning_labels=labels_of(tuning_documents),
        )  # fmt: skip
        timings.append((name, time.perf_counter() - started))
        logger.info("Fitted %s in %.1f s", *timings[-1])
    table = pd.DataFrame(timings, columns=["model", "fit_seconds"])
    return {"text_models": models, "text_timings": table}
