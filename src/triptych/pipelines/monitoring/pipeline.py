"""monitoring: `predictions` and later weather, to `forecast_scores`, reports and warnings."""

from kedro.pipeline import Pipeline

from triptych.pipelines.monitoring import nodes, plots
from triptych.pipelines.namespaces import group_nodes, make_node


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline."""
    steps = [
        make_node(nodes.build_observations, "observations"),
        make_node(nodes.verify_predictions, "verified_predictions"),
        make_node(nodes.score_predictions, "forecast_scores", "monitoring_scores"),
        make_node(nodes.choose_live_models, "live_models"),
        make_node(nodes.compare_inputs, "input_drift"),
        make_node(plots.plot_issued_errors, "issued_errors_plot"),
        make_node(plots.plot_issued_coverage, "issued_coverage_plot"),
        make_node(plots.plot_input_drift, "input_drift_plot"),
        make_node(nodes.list_live_metrics, "live_metrics"),
        make_node(nodes.find_warnings, "monitoring_warnings"),
        make_node(nodes.refuse_warnings),  # takes the warnings, so it runs after all is written
    ]
    return group_nodes("monitoring", steps, tags="monitoring")
