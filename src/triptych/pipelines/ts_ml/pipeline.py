"""ts_ml: the history, to a comparison of learned and NWP forecasters on the test period."""

from kedro.pipeline import Node, Pipeline

from triptych.pipelines.namespaces import group_nodes
from triptych.pipelines.ts_common.study_nodes import common_pipeline, family_nodes
from triptych.pipelines.ts_ml.nodes import compare_features, plot_feature_sets, tune_models


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
    features = [
        Node(
            compare_features,
            inputs=["study_history", "study_periods", "params:tuning", "params:seed"],
            outputs={
                "feature_set_comparison": "feature_set_comparison",
                "feature_set_metrics": "feature_set_metrics",
            },
            name="compare_features",
        ),
        Node(
            plot_feature_sets,
            inputs="feature_set_comparison",
            outputs="feature_set_plot",
            name="plot_feature_sets",
        ),
    ]
    family = group_nodes("ts_ml", [tuning, *features, *family_nodes("learned", "tuned_parameters")])
    return Pipeline([common_pipeline(), family], tags="ts_ml")
