"""ts_ml: the history, to a comparison of learned and NWP forecasters on the test period."""

from kedro.pipeline import Pipeline

from triptych.pipelines.namespaces import group_nodes, make_node
from triptych.pipelines.ts_common.family import STUDY, common_pipeline, family_nodes
from triptych.pipelines.ts_ml import nodes


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline: tune on validation, then compare on the test period once."""
    trials = ("tuning_trials", "tuning_trial_metrics")
    features = ("feature_set_comparison", "feature_set_metrics")
    steps = [
        make_node(nodes.tune_models, "tuned_parameters", *trials, **STUDY),
        make_node(nodes.compare_features, *features, **STUDY),
        make_node(nodes.plot_feature_sets, "feature_set_plot"),
        *family_nodes("learned", "tuned_parameters"),
    ]
    return Pipeline([common_pipeline(), group_nodes("ts_ml", steps)], tags="ts_ml")
