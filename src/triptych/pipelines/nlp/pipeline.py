"""nlp: raw reviews, to a chosen classifier, its evaluation and the study of its errors."""

from collections.abc import Callable
from itertools import starmap

from kedro.pipeline import Node, Pipeline
from matplotlib.figure import Figure

from triptych.pipelines.namespaces import group_nodes
from triptych.pipelines.nlp import evaluation, lstm_nodes, nodes, plots, registration

SETTINGS = ("params:nlp", "params:seed")


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline: prepare, learn within training, judge once, look at the mistakes."""
    groups = {
        "preparation": _preparation(),
        "classifiers": _learning(),
        "lstm": _lstm(),
        "evaluation": _judgement(),
        "registration": _registration(),
        "plots": _plots(),
    }
    return group_nodes("nlp", starmap(group_nodes, groups.items()), tags="nlp")


def _preparation() -> list[Node]:
    return [
        Node(
            nodes.check_raw_reviews,
            inputs=["review_source", *SETTINGS],
            outputs=_same("checked_reviews", "rejected_reviews", "review_refusal"),
            name="check_raw_reviews",
        ),
        Node(
            nodes.accept_reviews,
            inputs=["checked_reviews", "review_refusal"],
            outputs="reviews",
            name="accept_reviews",
        ),
        Node(
            nodes.summarise_reviews,
            inputs="reviews",
            outputs="review_summary",
            name="summarise_reviews",
        ),
        Node(
            nodes.prepare_reviews,
            inputs=["reviews", "params:nlp"],
            outputs=_same("training_documents", "holdout_documents"),
            name="prepare_reviews",
        ),
        Node(
            nodes.measure_preparation,
            inputs=["reviews", "params:nlp", "params:seed"],
            outputs="preparation_effects",
            name="measure_preparation",
        ),
    ]


def _learning() -> list[Node]:
    """What is decided, within the training split."""
    return [
        Node(
            nodes.tune_classifiers,
            inputs=["training_documents", *SETTINGS],
            outputs=_same("text_trials", "tuned_text_models", "blend_members"),
            name="tune_classifiers",
        ),
        Node(
            nodes.rank_models,
            inputs=[
                "training_documents",
                "tuned_text_models",
                "tuned_lstms",
                "blend_members",
                *SETTINGS,
            ],
            outputs=_same("text_ranking", "text_cross_validation"),
            name="rank_models",
        ),
        Node(
            nodes.fit_classifiers,
            inputs=["training_documents", "tuned_text_models", "blend_members", *SETTINGS],
            outputs=_same("text_models", "text_timings"),
            name="fit_classifiers",
        ),
    ]


def _lstm() -> list[Node]:
    """Word vectors and the LSTM, within the training split too."""
    return [
        Node(
            lstm_nodes.learn_word_vectors,
            inputs=["training_documents", "holdout_documents", "params:vectors_file", *SETTINGS],
            outputs=_same("word_vectors", "vocabulary_coverage", "word_neighbours"),
            name="learn_word_vectors",
        ),
        Node(
            lstm_nodes.compare_lstms,
            inputs=["training_documents", "params:vectors_file", *SETTINGS],
            outputs=_same(
                "lstm_trials", "lstm_histories", "lstm_summary", "lstm_runs", "chosen_lstm"
            ),
            name="compare_lstms",
        ),
        Node(
            lstm_nodes.cross_validate_lstm,
            inputs=["training_documents", "params:vectors_file", "chosen_lstm", *SETTINGS],
            outputs="tuned_lstms",
            name="cross_validate_lstm",
        ),
        Node(
            lstm_nodes.fit_lstms,
            inputs=["training_documents", "word_vectors", "tuned_lstms", *SETTINGS],
            outputs=_same("lstm_models", "lstm_timings"),
            name="fit_lstms",
        ),
    ]


def _judgement() -> list[Node]:
    """What the other splits say, once everything is chosen."""
    return [
        Node(
            evaluation.predict_reviews,
            inputs=["text_models", "lstm_models", "holdout_documents", "text_cross_validation"],
            outputs="review_predictions",
            name="predict_reviews",
        ),
        Node(
            evaluation.judge_classifiers,
            inputs=[
                "review_predictions",
                "reviews",
                "text_timings",
                "lstm_timings",
                "text_ranking",
                *SETTINGS,
            ],
            outputs=_same(
                "text_comparison",
                "text_confusion",
                "text_reliability",
                "accuracy_by_length",
                "mcnemar_tests",
                "text_metrics",
            ),
            name="judge_classifiers",
        ),
        Node(
            evaluation.trace_learning_curve,
            inputs=[
                "training_documents",
                "holdout_documents",
                "tuned_text_models",
                "blend_members",
                "text_ranking",
                *SETTINGS,
            ],
            outputs="text_learning_curve",
            name="trace_learning_curve",
        ),
        Node(
            evaluation.trace_lstm_curve,
            inputs=[
                "training_documents",
                "holdout_documents",
                "params:vectors_file",
                "lstm_models",
                *SETTINGS,
            ],
            outputs="lstm_learning_curve",
            name="trace_lstm_curve",
        ),
        Node(
            evaluation.study_mistakes,
            inputs=[
                "review_predictions",
                "reviews",
                "training_documents",
                "text_models",
                "lstm_models",
                "text_ranking",
                "params:nlp",
            ],
            outputs=_same("confident_mistakes", "error_hypotheses", "top_features"),
            name="study_mistakes",
        ),
        Node(
            evaluation.explain_words,
            inputs=[
                "review_predictions",
                "reviews",
                "text_models",
                "lstm_models",
                "text_ranking",
                *SETTINGS,
            ],
            outputs="mistake_explanations",
            name="explain_words",
        ),
    ]


def _registration() -> list[Node]:
    """The chosen model in the register, and the table of what it and the one before say."""
    return [
        Node(
            registration.prepare_text_candidate,
            inputs=[
                "text_models",
                "lstm_models",
                "text_ranking",
                "text_comparison",
                "reviews",
                "params:nlp",
                "params:as_of",
                "params:today",
                "params:registry",
            ],
            outputs="text_registry",
            name="prepare_text_candidate",
        ),
        Node(
            registration.label_reviews,
            inputs=[
                "text_registry",
                "text_models",
                "lstm_models",
                "text_ranking",
                "review_predictions",
                "reviews",
            ],
            outputs="text_predictions",
            name="label_reviews",
        ),
    ]


def _plots() -> list[Node]:
    settings = "params:nlp"
    drawn: dict[str, tuple[Callable[..., Figure], list[str]]] = {
        "plot_text_accuracy": (plots.plot_text_accuracy, ["text_comparison", settings]),
        "plot_text_confusion": (
            plots.plot_text_confusion,
            ["text_confusion", "text_ranking", settings],
        ),
        "plot_text_reliability": (plots.plot_text_reliability, ["text_reliability", settings]),
        "plot_text_learning_curve": (
            plots.plot_text_learning_curve,
            ["text_learning_curve", "lstm_learning_curve", settings],
        ),
        "plot_lstm_changes": (plots.plot_lstm_changes, ["lstm_trials", settings]),
        "plot_length_accuracy": (plots.plot_length_accuracy, ["accuracy_by_length", settings]),
        "plot_top_features": (plots.plot_top_features, ["top_features"]),
    }
    return [
        Node(
            draw,
            inputs=inputs,
            outputs=name.removeprefix("plot_") + "_plot",
            name=name,
        )
        for name, (draw, inputs) in drawn.items()
    ]


def _same(*names: str) -> dict[str, str]:
    """Outputs that are named as what the function gives."""
    return {name: name for name in names}
