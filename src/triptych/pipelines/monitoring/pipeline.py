"""monitoring: `predictions` and later weather, to `forecast_scores`, reports and warnings."""

from kedro.pipeline import Node, Pipeline

from triptych.pipelines.monitoring.nodes import (
    build_observations,
    choose_live_models,
    compare_inputs,
    find_warnings,
    judge_predictions,
    list_live_metrics,
    refuse_warnings,
    score_predictions,
)
from triptych.pipelines.monitoring.plots import (
    plot_input_drift,
    plot_issued_coverage,
    plot_issued_errors,
)
from triptych.pipelines.namespaces import group_nodes


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline."""
    return group_nodes("monitoring", [*_judging(), *_reporting()], tags="monitoring")


def _judging() -> list[Node]:
    return [
        Node(
            build_observations,
            inputs=[
                "weather_hourly",
                "locations",
                "params:location",
                "params:source",
                "params:as_of",
                "params:today",
                "params:preprocessing",
            ],
            outputs="observations",
            name="build_observations",
        ),
        Node(
            judge_predictions,
            inputs=[
                "predictions",
                "observations",
                "model_registry",
                "params:as_of",
                "params:today",
            ],
            outputs="judged_predictions",
            name="judge_predictions",
        ),
        Node(
            score_predictions,
            inputs=["judged_predictions", "params:monitoring"],
            outputs={
                "forecast_scores": "forecast_scores",
                "monitoring_scores": "monitoring_scores",
            },
            name="score_predictions",
        ),
        Node(
            choose_live_models,
            inputs=["model_registry", "observations", "judged_predictions"],
            outputs="live_models",
            name="choose_live_models",
        ),
        Node(
            compare_inputs,
            inputs=["observations", "live_models", "params:monitoring"],
            outputs="input_drift",
            name="compare_inputs",
        ),
    ]


def _reporting() -> list[Node]:
    return [
        Node(
            plot_issued_errors,
            inputs=["judged_predictions", "live_models"],
            outputs="issued_errors_plot",
            name="plot_issued_errors",
        ),
        Node(
            plot_issued_coverage,
            inputs=["monitoring_scores", "live_models", "judged_predictions"],
            outputs="issued_coverage_plot",
            name="plot_issued_coverage",
        ),
        Node(
            plot_input_drift,
            inputs=["input_drift", "params:monitoring"],
            outputs="input_drift_plot",
            name="plot_input_drift",
        ),
        Node(
            list_live_metrics,
            inputs=["monitoring_scores", "live_models"],
            outputs="live_metrics",
            name="list_live_metrics",
        ),
        Node(
            find_warnings,
            inputs=[
                "monitoring_scores",
                "input_drift",
                "live_models",
                "judged_predictions",
                "params:monitoring",
            ],
            outputs="monitoring_warnings",
            name="find_warnings",
        ),
        Node(  # its inputs put it behind all that is to be written first
            refuse_warnings,
            inputs=["monitoring_warnings", "params:monitoring"],
            outputs=None,
            name="refuse_warnings",
        ),
    ]
