"""ts_statistical: the history, to a comparison of statistical forecasters on the test period."""

from kedro.pipeline import Node, Pipeline

from triptych.pipelines.namespaces import group_nodes
from triptych.pipelines.ts_common.study_nodes import common_pipeline
from triptych.pipelines.ts_statistical import nodes

_FITTING = [
    "study_history",
    "study_periods",
    "statistical_parameters",
    "params:horizon_days",
    "params:forecast",
    "params:seed",
]


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline: choose, then judge. Its periods are those of ts_ml, by the same node."""
    study = group_nodes("ts_statistical", [*_choice(), *_judgement()])
    return Pipeline([common_pipeline(), study], tags="ts_statistical")


def _choice() -> list[Node]:
    """What is decided on validation, before the test period is looked at."""
    return [
        Node(
            nodes.select_orders,
            inputs=["study_history", "study_periods", "params:statistical", "params:engine"],
            outputs={
                "statistical_parameters": "statistical_parameters",
                "order_trials": "order_trials",
                "order_trial_metrics": "order_trial_metrics",
                "estimated_processes": "estimated_processes",
            },
            name="select_orders",
        ),
        Node(
            nodes.validate_statistical,
            inputs=[*_FITTING, "estimated_processes", "params:engine"],
            outputs="statistical_validation_forecasts",
            name="validate_statistical",
        ),
    ]


def _judgement() -> list[Node]:
    """What the test period says, once."""
    return [
        Node(
            nodes.fit_statistical,
            inputs=[
                *_FITTING[:3],
                "statistical_validation_forecasts",
                *_FITTING[3:],
                "params:engine",
            ],
            outputs="fitted_statistical",
            name="fit_statistical",
        ),
        Node(
            nodes.describe_processes,
            inputs="fitted_statistical",
            outputs="statistical_processes",
            name="describe_processes",
        ),
        Node(
            nodes.backtest_statistical,
            inputs=[
                "fitted_statistical",
                "study_history",
                "study_periods",
                "params:horizon_days",
                "params:engine",
            ],
            outputs="statistical_test_forecasts",
            name="backtest_statistical",
        ),
        Node(
            nodes.compare_statistical,
            inputs=["statistical_test_forecasts", "study_history", "study_periods"],
            outputs="statistical_comparison",
            name="compare_statistical",
        ),
    ]
