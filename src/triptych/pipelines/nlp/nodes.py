"""Nodes from raw reviews to fitted classical classifiers, within the training split."""

import logging
from collections.abc import Mapping
from typing import Any

import pandas as pd

from triptych.classification.sampling import draw_rows
from triptych.execution.progress import track
from triptych.nlp.ablation import measure_effects
from triptych.nlp.classifier import ReviewModel
from triptych.nlp.config import FAMILIES, LstmSettings, ModelSettings
from triptych.nlp.errors import ReviewSourceError
from triptych.nlp.folds import Fold, nested_folds
from triptych.nlp.preprocessing import Document
from triptych.nlp.reading import ReadReviews
from triptych.nlp.tuning import (
    BLEND,
    Tuned,
    blend_models,
    blend_scores,
    choose_members,
    estimate_nested,
    fit_models,
    rank,
    tune,
)
from triptych.nlp.validation import check_reviews, explain_refusal
from triptych.parameters.reviews import PreparationParameters
from triptych.pipelines.nlp import frames

logger = logging.getLogger(__name__)


def check_raw_reviews(
    review_source: ReadReviews,
    source: str,
    dataset: str,
    sample_reviews: dict[str, int],
    test_split: str,
    max_characters: int,
    max_rejected_share: float,
    seed: int,
) -> dict[str, Any]:
    """Separate usable reviews from unusable ones.

    Returns:
        `checked_reviews` (validation.REVIEW_COLUMNS); `rejected_reviews`, with reasons;
        `review_refusal`: why the data set is refused, or empty.

    Raises:
        NlpError: a split is missing.
    """
    raw_reviews = review_source(source, dataset, sample_reviews, seed)
    reviews, rejected = check_reviews(
        raw_reviews, max_characters=max_characters, needed=(frames.TRAIN, test_split)
    )
    logger.info("Reviews: %s used, %s rejected", f"{len(reviews):,}", f"{len(rejected):,}")
    refusal = explain_refusal(reviews, rejected, max_rejected_share)
    return {"checked_reviews": reviews, "rejected_reviews": rejected, "review_refusal": refusal}


def accept_reviews(checked_reviews: pd.DataFrame, review_refusal: str) -> pd.DataFrame:
    """Return the reviews, after the list of rejected ones was saved.

    Raises:
        ReviewSourceError: too many are rejected, or a split has one class only.
    """
    if review_refusal:
        raise ReviewSourceError(review_refusal)
    return checked_reviews


def summarise_reviews(reviews: pd.DataFrame) -> pd.DataFrame:
    """Count reviews by split and class (polarity), with quantiles of words and characters."""
    sizes = reviews.assign(
        words=frames.count_words(reviews["review"]), characters=reviews["review"].str.len()
    )
    groups = sizes.groupby(["split", "polarity"])
    columns = {"n": groups.size()}
    for measure in ("words", "characters"):
        for share in (0.1, 0.5, 0.9):
            columns[f"{measure}_{share:.0%}"] = groups[measure].quantile(share)
    return pd.DataFrame(columns).reset_index()


def prepare_reviews(
    reviews: pd.DataFrame,
    preparation: PreparationParameters,
    tuning_reviews: int,
    n_splits: int,
    inner_splits: int,
    seed: int,
) -> dict[str, Any]:
    """Clean, tokenise and stem each review.

    Returns `training_documents`, a sample of them, `tuning_documents`, and `holdout_documents` of
    all other splits: DOCUMENT_COLUMNS. `text_folds`: nested_folds of the sample, for every model.
    """
    documents = preparation.prepare(track(reviews["review"], "Preparing reviews"))
    table = pd.DataFrame(documents, columns=list(Document._fields), index=reviews.index)
    table = pd.concat([reviews[["item", "split", "polarity", "group"]], table], axis=1)
    training = table[table["split"] == frames.TRAIN].reset_index(drop=True)
    sample = draw_rows(frames.labels_of(training), tuning_reviews, seed)
    tuning = training.iloc[sample].reset_index(drop=True)
    _, labels, groups = frames.labelled(tuning)
    return {
        "training_documents": training,
        "tuning_documents": tuning,
        "text_folds": nested_folds(labels, groups, n_splits, inner_splits, seed),
        "holdout_documents": table[table["split"] != frames.TRAIN].reset_index(drop=True),
    }


def measure_preparation(
    reviews: pd.DataFrame,
    tuning_documents: pd.DataFrame,
    preparation: PreparationParameters,
    effects_model: str,
    effects_reviews: int,
    n_splits: int,
    seed: int,
) -> pd.DataFrame:
    """Switch each preparation step, and evaluate the effect out of fold (EFFECT_COLUMNS)."""
    sample = draw_rows(frames.labels_of(tuning_documents), effects_reviews, seed)
    studied = tuning_documents.iloc[sample]
    texts = reviews.set_index("item").loc[studied["item"], "review"].tolist()
    return measure_effects(
        texts, *frames.labelled(studied)[1:], preparation,
        FAMILIES[effects_model][0], n_splits=n_splits, seed=seed,
    )  # fmt: skip


def tune_classifiers(
    tuning_documents: pd.DataFrame,
    text_folds: list[list[Fold]],
    models: list[str],
    characters: bool,
    n_trials: int,
    n_jobs: int,
    seed: int,
) -> dict[str, Any]:
    """Tune each classical family by nested cross-validation."""
    labels = frames.labels_of(tuning_documents)
    families = [name for name in models if characters or "chars" not in FAMILIES[name][0].analyzers]
    logger.info("Tuning %s families on %s reviews", len(families), f"{len(labels):,}")
    tuned, trials = tune(
        families, frames.documents_of(tuning_documents), labels, text_folds,
        n_trials=n_trials, seed=seed, n_jobs=n_jobs,
    )  # fmt: skip
    return {"text_trials": trials, "tuned_text_models": tuned}


def select_models(
    tuning_documents: pd.DataFrame,
    text_folds: list[list[Fold]],
    tuned_text_models: dict[str, Tuned[ModelSettings]],
    tuned_lstms: dict[str, Tuned[LstmSettings]],
) -> dict[str, Any]:
    """Select the members of the blend and rank all models by out-of-fold log loss.

    Returns `blend_members` and `text_ranking`, best first; `nested_selection`: the same selection
    within the training reviews of each outer fold, and its accuracy on that fold;
    `text_cross_validation`: the predictions of the outer folds.
    """
    from scipy.special import expit

    labels = frames.labels_of(tuning_documents)
    tuned: dict[str, Tuned[Any]] = {**tuned_text_models, **tuned_lstms}
    scores = {name: found.scores for name, found in tuned.items()}
    members = choose_members(scores, labels)
    odds, selection = estimate_nested(tuned, labels, text_folds[0])
    if len(members) > 1:
        scores[BLEND] = blend_scores(scores, members, labels)
    ranking = rank(scores, labels)
    logger.info("Best in cross-validation: %s", ranking[0])
    probabilities = {name: expit(odds[name]) for name in ranking}
    return {
        "blend_members": members,
        "text_ranking": ranking,
        "nested_selection": selection,
        "text_cross_validation": frames.predictions_table(
            probabilities, tuning_documents, frames.CROSS_VALIDATION
        ),
    }


def fit_classifiers(
    training_documents: pd.DataFrame,
    tuning_documents: pd.DataFrame,
    tuned_text_models: dict[str, Tuned[ModelSettings]],
    preparation: PreparationParameters,
    n_jobs: int,
    seed: int,
) -> dict[str, Any]:
    """Fit every tuned classical classifier on all training reviews.

    Returns `text_models`: ReviewModels by name; `text_timings`: model, fit_seconds.
    """
    fitted = fit_models(
        tuned_text_models, frames.documents_of(training_documents),
        frames.labels_of(training_documents),
        seed=seed, preparation=preparation, tuning_labels=frames.labels_of(tuning_documents),
        n_jobs=n_jobs,
    )  # fmt: skip
    models, timings = {}, []
    for model, seconds in fitted:
        models[model.name] = model
        timings.append((model.name, seconds))
        logger.info("Fitted %s in %.1f s", *timings[-1])
    table = pd.DataFrame(timings, columns=["model", "fit_seconds"])
    return {"text_models": models, "text_timings": table}


def blend_classifiers(
    tuning_documents: pd.DataFrame,
    tuned_text_models: dict[str, Tuned[ModelSettings]],
    tuned_lstms: dict[str, Tuned[LstmSettings]],
    text_models: Mapping[str, ReviewModel],
    lstm_models: Mapping[str, ReviewModel],
    blend_members: list[str],
    text_ranking: list[str],
) -> dict[str, Any]:
    """Blend fitted classifiers, and take the model that ranks first.

    Returns `blend_model`, nothing if it has one member, and `selected_text_model`, both by name.
    """
    blend = {}
    if len(blend_members) > 1:
        tuned: dict[str, Tuned[Any]] = {**tuned_text_models, **tuned_lstms}
        models = {name: frames.take(name, text_models, lstm_models) for name in blend_members}
        labels = frames.labels_of(tuning_documents)
        blend = {BLEND: blend_models(models, tuned, blend_members, labels)}
    selected = frames.take(text_ranking[0], text_models, lstm_models, blend)
    return {"blend_model": blend, "selected_text_model": {selected.name: selected}}
