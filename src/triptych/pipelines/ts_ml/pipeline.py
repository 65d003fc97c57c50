"""ts_ml: the history, to a comparison of learned and NWP forecasters on the test period."""

from kedro.pipeline import Node, Pipeline

from triptych.pipelines.namespaces import group_nodes
from triptych.pipelines.ts_common.study_nodes import common_pipeline, family_nodes
from triptych.pipelines.ts_ml.nodes import tune_models


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline: tune on validation, then compare on the test period once."""
    tuning = Node(
        tune_models,
        inputs=[
            "study_history",
            "study_periods",
            "params:models",
            "params:tuning",
            "params:nwp",
            "params:seed",
        ],
        outputs={
            "tuned_parameters": "tuned_parameters",
            "tuning_trials": "tuning_trials",
            "tuning_trial_metrics": "tuning_trial_metrics",
        },
        name="tune_models",
    )
    family = group_nodes("ts_ml", [tuning, *family_nodes("learned", "tuned_parameters")])
    return Pipeline([common_pipeline(), family], tags="ts_ml")
