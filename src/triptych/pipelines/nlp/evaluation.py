"""Nodes of the evaluation on held-out reviews, after model selection."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import chain

import pandas as pd

from triptych.classification.matching import look_up
from triptych.classification.metrics import count_confusions, paired_tests
from triptych.execution.parallel import run_networks
from triptych.execution.progress import track
from triptych.nlp import metrics
from triptych.nlp.classifier import Documents, Labels, ReviewModel, Scores, TextClassifier
from triptych.nlp.config import LstmSettings, ModelSettings
from triptych.nlp.duplicates import Groups
from triptych.nlp.error_analysis import confident_errors, explain_errors, top_features
from triptych.nlp.learning_curve import CurveRow, Fit, Score, curve_table, list_fits, measure
from triptych.nlp.lstm import LstmClassifier
from triptych.nlp.slice_tests import run_slice_tests
from triptych.nlp.tuning import BLEND, Tuned
from triptych.nlp.word_vectors import VectorSource
from triptych.parameters.reviews import LstmParameters
from triptych.pipelines.nlp.frames import (
    CROSS_VALIDATION,
    count_words,
    documents_of,
    labelled,
    predictions_table,
    shown_models,
    take,
)

REFERENCE = "tfidf_logistic"  # published; the learning curve shows it beside the selected model
_MEASURES = ("accuracy", "macro_f1", "roc_auc", "brier", "log_loss", "calibration_error")


def predict_reviews(
    text_models: Mapping[str, ReviewModel],
    lstm_models: Mapping[str, ReviewModel],
    blend_model: Mapping[str, ReviewModel],
    holdout_documents: pd.DataFrame,
    text_cross_validation: pd.DataFrame,
) -> pd.DataFrame:
    """Predict the held-out reviews, and add the out-of-fold predictions (PREDICTION_COLUMNS)."""
    documents = documents_of(holdout_documents)
    probabilities = {
        name: model.document_probabilities(documents)
        for models in (text_models, lstm_models, blend_model)
        for name, model in models.items()
    }
    predicted = predictions_table(probabilities, holdout_documents)
    return pd.concat([text_cross_validation, predicted], ignore_index=True)


def evaluate_classifiers(
    review_predictions: pd.DataFrame,
    reviews: pd.DataFrame,
    text_timings: pd.DataFrame,
    lstm_timings: pd.DataFrame,
    blend_members: list[str],
    text_ranking: list[str],
    resamples: int,
    length_edges: list[int],
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Compare all models on the same reviews, with intervals and tests.

    Returns `text_comparison`, `text_confusion`, `text_reliability`, `accuracy_by_length`,
    `mcnemar_tests` and `text_metrics` (metric, step, value).
    """
    scores = metrics.score_predictions(review_predictions, resamples=resamples, seed=seed)
    timings = pd.concat([text_timings, lstm_timings]).set_index("model")["fit_seconds"]
    seconds = pd.concat([timings, pd.Series({BLEND: timings.reindex(blend_members).sum()})])
    scores = scores.assign(
        fit_seconds=look_up(scores["model"], seconds, "time of training"),
        rank=scores["model"].map(text_ranking.index),
    )
    scores = scores.sort_values(["split", "rank"], ignore_index=True).drop(columns="rank")
    long = scores.melt(["model", "split"], list(_MEASURES), var_name="measure")
    metric = long["model"] + "." + long["split"] + "." + long["measure"].astype("str")
    words = count_words(reviews.set_index("item")["review"])
    shown = shown_models(text_ranking)
    best = review_predictions[review_predictions["model"].isin(shown)]
    return {
        "text_comparison": scores,
        "text_confusion": count_confusions(review_predictions, "y_true", (0, 1)),
        "text_reliability": metrics.compare_calibration(best),
        "accuracy_by_length": metrics.accuracy_by_length(best, words, length_edges),
        "mcnemar_tests": paired_tests(review_predictions, text_ranking, "y_true"),
        "text_metrics": pd.DataFrame({"metric": metric, "step": 0, "value": long["value"]}),
    }


def trace_learning_curve(
    training_documents: pd.DataFrame,
    holdout_documents: pd.DataFrame,
    vector_source: VectorSource,
    tuned_text_models: dict[str, Tuned[ModelSettings]],
    tuned_lstms: dict[str, Tuned[LstmSettings]],
    text_models: Mapping[str, ReviewModel],
    lstm_models: Mapping[str, ReviewModel],
    text_ranking: list[str],
    curve_sizes: list[int],
    curve_repeats: int,
    lstm: LstmParameters,
    test_split: str,
    n_jobs: int,
    seed: int,
) -> pd.DataFrame:
    """Fit models on samples, and add the fitted ones of all reviews (CURVE_COLUMNS, test split).

    They are the best classical model, the reference and the single LSTM.
    """
    best = next(name for name in text_ranking if name in tuned_text_models)
    settings = {
        name: tuned_text_models[name].settings
        for name in dict.fromkeys([best, REFERENCE])
        if name in tuned_text_models
    }
    lstm_name, single = next(iter(tuned_lstms.items()))
    sizes = [size for size in curve_sizes if size < len(training_documents)]

    def fit_classical(own: ModelSettings) -> Fit:
        return lambda documents, labels, _, seed: TextClassifier(own, seed).fit(
            documents, labels
        ).scores  # fmt: skip

    def fit_lstm(documents: Documents, labels: Labels, groups: Groups, seed: int) -> Score:
        classifier = LstmClassifier(single.settings, seed)
        return classifier.fit(documents, labels, groups, vector_source).scores

    def score_fitted(name: str, documents: Documents) -> Scores:
        return take(name, text_models, lstm_models).log_odds(documents)

    data = labelled(training_documents), labelled(_of_split(holdout_documents, test_split))
    fits = {name: fit_classical(own) for name, own in settings.items()}
    classical = list_fits(fits, *data, [(size, curve_repeats) for size in sizes], seed)
    networks = list_fits(
        {lstm_name: fit_lstm}, *data, [(size, lstm.curve_repeats) for size in sizes], seed
    )
    whole = [  # TensorFlow stays out of this process
        partial(measure, name, partial(score_fitted, name), data[1], len(training_documents))
        for name in (*settings, lstm_name)
    ]
    count = len(sizes) * (len(fits) * curve_repeats + lstm.curve_repeats) + len(whole)
    tasks: Iterator[Callable[[], CurveRow]] = chain(classical, networks, whole)
    return curve_table(track(run_networks(tasks, n_jobs), "Learning curve", count))


def analyse_errors(
    review_predictions: pd.DataFrame,
    reviews: pd.DataFrame,
    training_documents: pd.DataFrame,
    text_models: Mapping[str, ReviewModel],
    selected_text_model: Mapping[str, ReviewModel],
    text_ranking: list[str],
    shown_errors: int,
    shown_terms: int,
) -> dict[str, pd.DataFrame]:
    """Analyse the errors of the selected model.

    Returns `confident_errors`, of held-out reviews; `slice_tests`, by split; `top_features`, of the
    best classical model.
    """
    linear = next(text_models[name] for name in text_ranking if name in text_models)
    (selected,) = selected_text_model.values()
    predictions = review_predictions[review_predictions["model"] == selected.name]
    texts = reviews.set_index("item")["review"]
    held_out = predictions[predictions["split"] != CROSS_VALIDATION]
    return {
        "confident_errors": confident_errors(held_out, texts, selected, shown_errors),
        "slice_tests": run_slice_tests(predictions, texts),
        "top_features": top_features(linear, documents_of(training_documents), shown_terms),
    }


def explain_predictions(
    review_predictions: pd.DataFrame,
    reviews: pd.DataFrame,
    lstm_models: Mapping[str, ReviewModel],
    selected_text_model: Mapping[str, ReviewModel],
    text_ranking: list[str],
    explained_errors: int,
    explanation_samples: int,
    test_split: str,
    seed: int,
) -> pd.DataFrame:
    """Explain the most confident errors of the selected model and of the best LSTM by LIME.

    They are those of the test split (EXPLANATION_COLUMNS).
    """
    best_lstm = next(name for name in text_ranking if name in lstm_models)
    texts = reviews.set_index("item")["review"]
    predictions = _of_split(review_predictions, test_split)
    tables = [
        explain_errors(
            predictions[predictions["model"] == name], texts,
            take(name, selected_text_model, lstm_models), count=explained_errors,
            samples=explanation_samples, seed=seed,
        )
        for name in dict.fromkeys([text_ranking[0], best_lstm])
    ]  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def _of_split(table: pd.DataFrame, split: str) -> pd.DataFrame:
    return table[table["split"] == split]
