"""What the reviews that nothing has learned from say of the models, once they are chosen."""

import logging
from typing import Any

import pandas as pd

from triptych.classification.matching import look_up
from triptych.classification.metrics import reliability
from triptych.classification.significance import paired_tests
from triptych.nlp import metrics as judging
from triptych.nlp.config import ModelSettings
from triptych.nlp.document_models import BLEND, ReviewModel
from triptych.nlp.error_analysis import confident_mistakes, top_features
from triptych.nlp.learning_curve import curve_table, learning_curve, lstm_curve
from triptych.nlp.lime import explain_mistakes
from triptych.nlp.lstm_config import make_settings
from triptych.nlp.slice_tests import judge_hypotheses
from triptych.nlp.tuning import Tuned
from triptych.parameters.reviews import ReviewParameters
from triptych.pipelines.nlp.frames import (
    CROSS_VALIDATION,
    count_words,
    documents_of,
    labels_of,
    predictions_table,
)
from triptych.pipelines.nlp.lstm_nodes import vector_source

logger = logging.getLogger(__name__)

PLAIN = "tfidf_logistic"  # what is published: the learning curve shows it beside the chosen model


def predict_reviews(
    text_models: dict[str, ReviewModel],
    lstm_models: dict[str, ReviewModel],
    holdout_documents: pd.DataFrame,
    text_cross_validation: pd.DataFrame,
) -> pd.DataFrame:
    """Predict the reviews that nothing has learned from, beside the out-of-fold predictions.

    Returns:
        judging.PREDICTION_COLUMNS: model, split, item, label, positive (its probability), polarity.
    """
    documents = documents_of(holdout_documents)
    chances = {
        name: model.document_probabilities(documents)
        for name, model in {**text_models, **lstm_models}.items()
    }
    judged = predictions_table(chances, holdout_documents)
    return pd.concat([text_cross_validation, judged], ignore_index=True)


def judge_classifiers(
    review_predictions: pd.DataFrame,
    reviews: pd.DataFrame,
    text_timings: pd.DataFrame,
    lstm_timings: pd.DataFrame,
    text_ranking: list[str],
    nlp: ReviewParameters,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Put all models in one table, on the same reviews, with intervals and tests.

    Returns:
        `text_comparison`, `text_confusion`, `text_reliability`, `accuracy_by_length`,
        `mcnemar_tests` and `text_metrics` (metric, step, value).
    """
    scores = judging.score_predictions(review_predictions, resamples=nlp.resamples, seed=seed)
    seconds = pd.concat([text_timings, lstm_timings]).set_index("model")["fit_seconds"]
    scores = scores.assign(fit_seconds=look_up(scores["model"], seconds, "time of training"))
    order = {name: place for place, name in enumerate(text_ranking)}
    scores = scores.sort_values(
        ["split", "model"], key=lambda column: column.map(order).fillna(0) if column.name == "model"
        else column, kind="stable", ignore_index=True,
    )  # fmt: skip
    words = count_words(reviews.set_index("item")["review"])
    best = review_predictions[review_predictions["model"].isin(text_ranking[:2])]
    return {
        "text_comparison": scores,
        "text_confusion": judging.confusion(review_predictions),
        "text_reliability": _reliability(best),
        "accuracy_by_length": judging.accuracy_by_length(best, words, nlp.length_edges),
        "mcnemar_tests": paired_tests(review_predictions, text_ranking),
        "text_metrics": _metrics(scores),
    }


def trace_learning_curve(
    training_documents: pd.DataFrame,
    holdout_documents: pd.DataFrame,
    tuned_text_models: dict[str, Tuned[ModelSettings]],
    blend_members: list[str],
    text_ranking: list[str],
    nlp: ReviewParameters,
    seed: int,
) -> pd.DataFrame:
    """Fit the best classical model, and plain TF-IDF, on parts of the training reviews.

    Settings are those tuned on all of them; nothing is chosen by what this shows.

    Returns:
        triptych.nlp.learning_curve.CURVE_COLUMNS, judged on the test split.
    """
    compared = {}
    best = next(name for name in text_ranking if name == BLEND or name in tuned_text_models)
    for name in dict.fromkeys([best, PLAIN]):
        members = blend_members if name == BLEND else [name]
        if set(members) <= set(tuned_text_models):
            compared[name] = {member: tuned_text_models[member].settings for member in members}
    judged = holdout_documents[holdout_documents["split"] == nlp.test_split]
    curve = learning_curve(
        compared,
        (documents_of(training_documents), labels_of(training_documents)),
        (documents_of(judged), labels_of(judged)),
        sizes=nlp.curve_sizes, repeats=nlp.curve_repeats, n_splits=nlp.n_splits, seed=seed,
        n_jobs=nlp.n_jobs,
    )  # fmt: skip
    logger.info("Learning curve: %s fits judged on %s reviews", len(curve), f"{len(judged):,}")
    return curve


def trace_lstm_curve(
    training_documents: pd.DataFrame,
    holdout_documents: pd.DataFrame,
    vectors_file: str | None,
    lstm_models: dict[str, ReviewModel],
    nlp: ReviewParameters,
    seed: int,
) -> pd.DataFrame:
    """Train the LSTM on parts of the training reviews, vectors included; all of them is the model.

    Returns:
        triptych.nlp.learning_curve.CURVE_COLUMNS, judged on the test split.
    """
    judged = holdout_documents[holdout_documents["split"] == nlp.test_split]
    documents, labels = documents_of(judged), labels_of(judged)
    name, model = next(iter(lstm_models.items()))  # one network: many are trained
    curve = lstm_curve(
        name, make_settings(model.parameters), vector_source(training_documents, vectors_file, nlp),
        (documents_of(training_documents), labels_of(training_documents)), (documents, labels),
        sizes=nlp.curve_sizes, repeats=nlp.lstm.curve_repeats, seed=seed, n_jobs=nlp.n_jobs,
    )  # fmt: skip
    right = (model.document_probabilities(documents) >= 0.5) == (labels == 1)  # noqa: PLR2004
    whole = curve_table([(name, len(training_documents), 0, len(right), float(right.mean()))])
    return pd.concat([curve, whole], ignore_index=True)


def study_mistakes(
    review_predictions: pd.DataFrame,
    reviews: pd.DataFrame,
    training_documents: pd.DataFrame,
    text_models: dict[str, ReviewModel],
    lstm_models: dict[str, ReviewModel],
    text_ranking: list[str],
    nlp: ReviewParameters,
) -> dict[str, pd.DataFrame]:
    """Look at what the chosen model has wrong, and why.

    Returns:
        `confident_mistakes`, of the reviews that were not learned from; `error_hypotheses`, counted
        and tested by split; `top_features`, of the best classical model.
    """
    chosen = {**text_models, **lstm_models}[text_ranking[0]]
    linear = next(text_models[name] for name in text_ranking if name in text_models)
    of_chosen = review_predictions[review_predictions["model"] == chosen.name]
    texts = reviews.set_index("item")["review"]
    unseen = of_chosen[of_chosen["split"] != CROSS_VALIDATION]
    return {
        "confident_mistakes": confident_mistakes(unseen, texts, chosen, nlp.shown_mistakes),
        "error_hypotheses": judge_hypotheses(of_chosen, texts),
        "top_features": top_features(linear, documents_of(training_documents), nlp.shown_terms),
    }


def explain_words(
    review_predictions: pd.DataFrame,
    reviews: pd.DataFrame,
    text_models: dict[str, ReviewModel],
    lstm_models: dict[str, ReviewModel],
    text_ranking: list[str],
    nlp: ReviewParameters,
    seed: int,
) -> pd.DataFrame:
    """Explain the surest mistakes on the test split word by word: the chosen model's, an LSTM's.

    Returns:
        triptych.nlp.lime.EXPLANATION_COLUMNS.
    """
    models = {**text_models, **lstm_models}
    best_lstm = next(name for name in text_ranking if name in lstm_models)
    texts = reviews.set_index("item")["review"]
    judged = review_predictions[review_predictions["split"] == nlp.test_split]
    tables = [
        explain_mistakes(
            judged[judged["model"] == name], texts, models[name],
            count=nlp.explained_mistakes, samples=nlp.explanation_samples, seed=seed,
        )
        for name in dict.fromkeys([text_ranking[0], best_lstm])
    ]  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def _reliability(predictions: pd.DataFrame) -> pd.DataFrame:
    tables = [
        reliability(group["positive"].to_numpy(), group["polarity"]).assign(
            model=str(model), split=str(split)
        )
        for (model, split), group in predictions.groupby(["model", "split"], sort=False)
    ]
    joined: pd.DataFrame = pd.concat(tables, ignore_index=True)
    return joined[["model", "split", "low", "n", "predicted", "observed"]]


def _metrics(scores: pd.DataFrame) -> pd.DataFrame:
    """Every score as a metric of the run: `blend.test.accuracy`."""
    measures = ["accuracy", "macro_f1", "roc_auc", "brier", "log_loss", "calibration_error"]
    long: Any = scores.melt(["model", "split"], measures, var_name="measure")
    metric = long["model"] + "." + long["split"] + "." + long["measure"]
    return pd.DataFrame({"metric": metric, "step": 0, "value": long["value"]})
