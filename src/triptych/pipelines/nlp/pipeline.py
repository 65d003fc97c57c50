"""nlp: raw reviews, to a chosen classifier, its evaluation and the study of its errors."""

from collections.abc import Callable

from kedro.pipeline import Node, Pipeline
from matplotlib.figure import Figure

from triptych.pipelines.nlp import evaluation, nodes, plots


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline: prepare, learn within training, judge once, look at the mistakes."""
    every = [*_preparation(), *_learning(), *_judgement(), *_plots()]
    return Pipeline(every, tags="nlp")


def _preparation() -> list[Node]:
    return [
        Node(
            nodes.check_raw_reviews,
            inputs=["raw_reviews", "params:nlp"],
            outputs={"reviews": "reviews", "rejected_reviews": "rejected_reviews"},
            name="check_raw_reviews",
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
            outputs={
                "training_documents": "training_documents",
                "judged_documents": "judged_documents",
            },
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
            inputs=["training_documents", "params:nlp", "params:seed"],
            outputs={
                name: name
                for name in (
                    "text_trials",
                    "tuned_text_models",
                    "blend_members",
                    "text_ranking",
                    "text_cross_validation",
                )
            },
            name="tune_classifiers",
        ),
        Node(
            nodes.fit_classifiers,
            inputs=[
                "training_documents",
                "tuned_text_models",
                "blend_members",
                "text_ranking",
                "params:nlp",
                "params:seed",
            ],
            outputs={"text_models": "text_models", "text_timings": "text_timings"},
            name="fit_classifiers",
        ),
    ]


def _judgement() -> list[Node]:
    """What the other splits say, once everything is chosen."""
    return [
        Node(
            evaluation.predict_reviews,
            inputs=["text_models", "judged_documents", "text_cross_validation"],
            outputs="review_predictions",
            name="predict_reviews",
        ),
        Node(
            evaluation.judge_classifiers,
            inputs=[
                "review_predictions",
                "training_documents",
                "judged_documents",
                "text_timings",
                "text_ranking",
                "params:nlp",
                "params:seed",
            ],
            outputs={
                name: name
                for name in (
                    "text_comparison",
                    "text_confusion",
                    "text_reliability",
                    "accuracy_by_length",
                    "text_pairs",
                    "text_metrics",
                )
            },
            name="judge_classifiers",
        ),
        Node(
            evaluation.trace_learning_curve,
            inputs=[
                "training_documents",
                "judged_documents",
                "tuned_text_models",
                "blend_members",
                "text_ranking",
                "params:nlp",
                "params:seed",
            ],
            outputs="text_learning_curve",
            name="trace_learning_curve",
        ),
        Node(
            evaluation.study_mistakes,
            inputs=[
                "review_predictions",
                "reviews",
                "training_documents",
                "text_models",
                "text_ranking",
                "params:nlp",
            ],
            outputs={
                "confident_mistakes": "confident_mistakes",
                "error_hypotheses": "error_hypotheses",
                "weighty_terms": "weighty_terms",
            },
            name="study_mistakes",
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
            ["text_learning_curve", settings],
        ),
        "plot_length_accuracy": (plots.plot_length_accuracy, ["accuracy_by_length", settings]),
        "plot_weighty_terms": (plots.plot_weighty_terms, ["weighty_terms"]),
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
