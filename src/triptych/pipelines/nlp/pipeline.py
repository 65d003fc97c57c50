"""nlp: film reviews, classical classifiers and LSTMs, their evaluation and error analysis."""

from collections.abc import Callable
from itertools import starmap
from typing import Any

from kedro.pipeline import Node, Pipeline

from triptych.pipelines.namespaces import group_nodes
from triptych.pipelines.nlp import evaluation, lstm_nodes, nodes, plots, registration

_NLP, _SEED, _FILE = "params:nlp", "params:seed", "params:vectors_file"
_MODELS = ["text_models", "lstm_models", "text_ranking"]
_DOCUMENTS = ["training_documents", "holdout_documents"]


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline: prepare, select within the training split, evaluate, analyse errors."""
    groups = {
        "preparation": _preparation(),
        "classifiers": _classifiers(),
        "lstm": _lstm(),
        "evaluation": _evaluation(),
        "registration": _registration(),
        "plots": _plots(),
    }
    return group_nodes("nlp", starmap(group_nodes, groups.items()), tags="nlp")


def _node(function: Callable[..., Any], inputs: list[str], *outputs: str) -> Node:
    """A node named after its function, whose outputs are named as the keys that it returns."""
    named: Any = outputs[0] if len(outputs) == 1 else {name: name for name in outputs}
    return Node(function, inputs=inputs, outputs=named, name=function.__name__)


def _preparation() -> list[Node]:
    checked = ("checked_reviews", "rejected_reviews", "review_refusal")
    return [
        _node(nodes.check_raw_reviews, ["review_source", _NLP, _SEED], *checked),
        _node(nodes.accept_reviews, ["checked_reviews", "review_refusal"], "reviews"),
        _node(nodes.summarise_reviews, ["reviews"], "review_summary"),
        _node(nodes.prepare_reviews, ["reviews", _NLP], *_DOCUMENTS),
        _node(nodes.measure_preparation, ["reviews", _NLP, _SEED], "preparation_effects"),
    ]


def _classifiers() -> list[Node]:
    tuned = ("text_trials", "tuned_text_models", "blend_members")
    tuned_models = ("tuned_text_models", "tuned_lstms")
    return [
        _node(nodes.tune_classifiers, ["training_documents", _NLP, _SEED], *tuned),
        _node(
            nodes.rank_models,
            ["training_documents", *tuned_models, "blend_members", _NLP, _SEED],
            *("text_ranking", "text_cross_validation"),
        ),
        _node(
            nodes.fit_classifiers,
            ["training_documents", "tuned_text_models", "blend_members", _NLP, _SEED],
            *("text_models", "text_timings"),
        ),
    ]


def _lstm() -> list[Node]:
    return [
        _node(
            lstm_nodes.learn_word_vectors,
            [*_DOCUMENTS, _FILE, _NLP, _SEED],
            *("word_vectors", "vocabulary_coverage", "word_neighbours"),
        ),
        _node(
            lstm_nodes.compare_lstms,
            ["training_documents", _FILE, _NLP, _SEED],
            *("lstm_trials", "lstm_histories", "lstm_summary", "lstm_runs", "chosen_lstm"),
        ),
        _node(
            lstm_nodes.cross_validate_lstm,
            ["training_documents", _FILE, "chosen_lstm", _NLP, _SEED],
            "tuned_lstms",
        ),
        _node(
            lstm_nodes.fit_lstms,
            ["training_documents", "word_vectors", "tuned_lstms", _NLP, _SEED],
            *("lstm_models", "lstm_timings"),
        ),
    ]


def _evaluation() -> list[Node]:
    timings = ("text_timings", "lstm_timings")
    return [
        _node(
            evaluation.predict_reviews,
            ["text_models", "lstm_models", "holdout_documents", "text_cross_validation"],
            "review_predictions",
        ),
        _node(
            evaluation.evaluate_classifiers,
            ["review_predictions", "reviews", *timings, "text_ranking", _NLP, _SEED],
            *("text_comparison", "text_confusion", "text_reliability", "accuracy_by_length"),
            *("mcnemar_tests", "text_metrics"),
        ),
        _node(
            evaluation.trace_learning_curve,
            [*_DOCUMENTS, "tuned_text_models", "blend_members", "text_ranking", _NLP, _SEED],
            "text_learning_curve",
        ),
        _node(
            evaluation.trace_lstm_curve,
            [*_DOCUMENTS, _FILE, "lstm_models", _NLP, _SEED],
            "lstm_learning_curve",
        ),
        _node(
            evaluation.analyse_errors,
            ["review_predictions", "reviews", "training_documents", *_MODELS, _NLP],
            *("confident_errors", "slice_tests", "top_features"),
        ),
        _node(
            evaluation.explain_predictions,
            ["review_predictions", "reviews", *_MODELS, _NLP, _SEED],
            "error_explanations",
        ),
    ]


def _registration() -> list[Node]:
    run = ["params:as_of", "params:today", "params:registry"]
    return [
        _node(
            registration.prepare_text_candidate,
            [*_MODELS, "text_comparison", "reviews", _NLP, *run],
            "text_registry",
        ),
        _node(
            registration.label_reviews,
            ["text_registry", *_MODELS, "review_predictions", "reviews"],
            "text_predictions",
        ),
    ]


def _plots() -> list[Node]:
    curves = ["text_learning_curve", "lstm_learning_curve", _NLP]
    confusion = ["text_confusion", "text_ranking", _NLP]
    return [
        _node(plots.plot_text_accuracy, ["text_comparison", _NLP], "text_accuracy_plot"),
        _node(plots.plot_text_confusion, confusion, "text_confusion_plot"),
        _node(plots.plot_text_reliability, ["text_reliability", _NLP], "text_reliability_plot"),
        _node(plots.plot_text_learning_curve, curves, "text_learning_curve_plot"),
        _node(plots.plot_lstm_changes, ["lstm_trials", _NLP], "lstm_changes_plot"),
        _node(plots.plot_length_accuracy, ["accuracy_by_length", _NLP], "length_accuracy_plot"),
        _node(plots.plot_top_features, ["top_features"], "top_features_plot"),
    ]
