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
        "preparation": _preparation(),
        "classifiers": _classifiers(),
        "lstm": _lstm(),
        "evaluation": _evaluation(),
        "registration": [
            _make_node(registration.prepare_text_candidate, "text_registry"),
            _make_node(registration.label_reviews, "text_predictions"),
        ],
        "plots": _plots(),
    }
    return group_nodes("nlp", starmap(group_nodes, groups.items()), tags="nlp")


def _preparation() -> list[Node]:
    checked = ("checked_reviews", "rejected_reviews", "review_refusal")
    documents = ("training_documents", "tuning_documents", "text_folds", "holdout_documents")
    return [
        _make_node(nodes.check_raw_reviews, *checked),
        _make_node(nodes.accept_reviews, "reviews"),
        _make_node(nodes.summarise_reviews, "review_summary"),
        _make_node(nodes.prepare_reviews, *documents),
        _make_node(nodes.measure_preparation, "preparation_effects"),
    ]


def _classifiers() -> list[Node]:
    selected = ("blend_members", "text_ranking", "nested_selection", "text_cross_validation")
    return [
        _make_node(nodes.tune_classifiers, "text_trials", "tuned_text_models"),
        _make_node(nodes.select_models, *selected),
        _make_node(nodes.fit_classifiers, "text_models", "text_timings"),
        _make_node(nodes.blend_classifiers, "blend_model", "selected_text_model"),
    ]


def _lstm() -> list[Node]:
    vectors = ("word_vectors", "vocabulary_coverage", "word_neighbours")
    trials = ("lstm_trials", "lstm_histories", "lstm_summary", "lstm_runs")
    return [
        _make_node(lstm_nodes.read_vectors, "vector_source"),
        _make_node(lstm_nodes.learn_word_vectors, *vectors),
        _make_node(lstm_nodes.compare_lstms, *trials),
        _make_node(lstm_nodes.cross_validate_lstm, "tuned_lstms"),
        _make_node(lstm_nodes.fit_lstms, "lstm_models", "lstm_timings", "lstm_training"),
    ]


def _evaluation() -> list[Node]:
    tables = ("text_comparison", "text_confusion", "text_reliability", "accuracy_by_length")
    tests = ("mcnemar_tests", "text_metrics")
    errors = ("confident_errors", "slice_tests", "top_features")
    return [
        _make_node(evaluation.predict_reviews, "review_predictions"),
        _make_node(evaluation.evaluate_classifiers, *tables, *tests),
        _make_node(evaluation.trace_learning_curve, "text_learning_curve"),
        _make_node(evaluation.analyse_errors, *errors),
        _make_node(evaluation.explain_predictions, "error_explanations"),
    ]


def _plots() -> list[Node]:
    functions = (
        plots.plot_text_accuracy,
        plots.plot_text_confusion,
        plots.plot_text_reliability,
        plots.plot_text_learning_curve,
        plots.plot_lstm_changes,
        plots.plot_lstm_training,
        plots.plot_length_accuracy,
        plots.plot_top_features,
    )
    return [_make_node(plot, f"{plot.__name__.removeprefix('plot_')}_plot") for plot in functions]
