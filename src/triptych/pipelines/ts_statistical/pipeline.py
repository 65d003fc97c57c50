"""ts_statistical: the history, to a comparison of statistical forecasters on the test period."""

from kedro.pipeline import Pipeline

from triptych.pipelines.namespaces import group_nodes, make_node
from triptych.pipelines.ts_common.family import STUDY, common_pipeline, family_nodes
from triptych.pipelines.ts_statistical.nodes import describe_processes, select_orders


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline: search orders on validation, then compare on the test period once."""
    searched = ("statistical_parameters", "order_trials", "order_trial_metrics")
    steps = [
        make_node(select_orders, *searched, **STUDY),
        *family_nodes("statistical", "statistical_parameters"),
        make_node(describe_processes, "statistical_processes"),
    ]
    group = group_nodes("ts_statistical", steps)
    return Pipeline([common_pipeline(), group], tags="ts_statistical")
