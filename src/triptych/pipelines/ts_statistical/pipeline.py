"""ts_statistical: the history, to a comparison of statistical forecasters on the test period."""

from kedro.pipeline import Node, Pipeline

from triptych.pipelines.namespaces import group_nodes
from triptych.pipelines.ts_common.study_nodes import common_pipeline, family_nodes
from triptych.pipelines.ts_statistical.nodes import describe_processes, select_orders


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline: search orders on validation, then compare on the test period once."""
    orders = Node(
        select_orders,
        inputs=["study_history", "study_periods", "params:statistical", "params:engine"],
        outputs={
            "statistical_parameters": "statistical_parameters",
            "order_trials": "order_trials",
            "order_trial_metrics": "order_trial_metrics",
            "estimated_processes": "estimated_processes",
        },
        name="select_orders",
    )
    processes = Node(
        describe_processes,
        inputs="fitted_statistical",
        outputs="statistical_processes",
        name="describe_processes",
    )
    family = family_nodes("statistical", "statistical_parameters", "estimated_processes")
    group = group_nodes("ts_statistical", [orders, *family, processes])
    return Pipeline([common_pipeline(), group], tags="ts_statistical")
