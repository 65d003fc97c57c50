"""nlp: film reviews, classical classifiers and LSTMs, their evaluation and error analysis."""

from functools import partial
from itertools import starmap

from kedro.pipeline import Node, Pipeline

from triptych.pipelines.namespaces import group_nodes, make_node
from triptych.pipelines.nlp import evaluation, lstm_nodes, nodes, plots, registration

_make_node = partial(make_node, group="nlp")


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline: prepare, select within the training split, evaluate, analyse errors."""
    groups = {
        "preparation": [
            _make_node(nodes.check_raw_reviews, "checked_reviews", "rejected_reviews",
                       "review_refusal"),
            _make_node(nodes.accept_reviews, "reviews"),
            _make_node(nodes.summarise_reviews, "review_summary"),
            _make_node(nodes.prepare_reviews, "training_documents", "tuning_documents",
                       "text_folds", "holdout_documents"),
            _make_node(nodes.measure_preparation, "preparation_effects"),
        ],
        "classifiers": [
            _make_node(nodes.tune_classifiers, "text_trials", "tuned_text_models"),
            _make_node(nodes.select_models, "blend_members", "text_ranking", "nested_selection",
                       "text_cross_validation"),
            _make_node(nodes.fit_classifiers, "text_models", "text_timings"),
            _make_node(nodes.blend_classifiers, "blend_model", "selected_text_model"),
        ],
        "lstm": [
            _make_node(lstm_nodes.read_vectors, "vector_source"),
            _make_node(lstm_nodes.learn_word_vectors, "word_vectors", "vocabulary_coverage",
                       "word_neighbours"),
            _make_node(lstm_nodes.compare_lstms, "lstm_trials", "lstm_histories", "lstm_summary",
                       "lstm_runs"),
            _make_node(lstm_nodes.cross_validate_lstm, "tuned_lstms"),
            _make_node(lstm_nodes.fit_lstms, "lstm_models", "lstm_timings", "lstm_training"),
        ],
        "evaluation": [
            _make_node(evaluation.predict_reviews, "review_predictions"),
            _make_node(evaluation.evaluate_classifiers, "text_comparison", "text_confusion",
                       "text_reliability", "accuracy_by_length", "mcnemar_tests", "text_metrics"),
            _make_node(evaluation.trace_learning_curve, "text_learning_curve"),
            _make_node(evaluation.analyse_errors, "confident_errors", "slice_tests",
                       "top_features"),
            _make_node(evaluation.explain_predictions, "error_explanations"),
        ],
        "registration": [
            _make_node(registration.prepare_text_candidate, "text_registry"),
            _make_node(registration.label_reviews, "text_predictions"),
        ],
        "plots": [
            _plot("text_accuracy"), _plot("text_confusion"), _plot("text_reliability"),
            _plot("text_learning_curve"), _plot("lstm_changes"), _plot("lstm_training"),
            _plot("length_accuracy"), _plot("top_features"),
        ],
    }  # fmt: skip
    return group_nodes("nlp", starmap(group_nodes, groups.items()), tags="nlp")


def _plot(name: str) -> Node:
    return _make_node(getattr(plots, f"plot_{name}"), f"{name}_plot")
