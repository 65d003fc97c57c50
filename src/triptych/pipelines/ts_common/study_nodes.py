"""The nodes that every study of forecasters begins with; joined pipelines have them once."""

from kedro.pipeline import Node, Pipeline

from triptych.pipelines.namespaces import group_nodes
from triptych.pipelines.ts_common.study import keep_training_rows, plan_study


def common_pipeline() -> Pipeline:
    """Fix the periods and locations of the study, and keep the rows that it stands on."""
    nodes = [
        Node(
            plan_study,
            inputs=["history", "params:as_of", "params:today", "params:forecast"],
            outputs={"study_periods": "study_periods", "study_history": "study_history"},
            name="plan_study",
        ),
        Node(
            keep_training_rows,
            inputs=["study_history", "study_periods"],
            outputs="training_rows",
            name="keep_training_rows",
        ),
    ]
    return group_nodes("ts_common", nodes)
