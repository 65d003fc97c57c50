"""ts_evaluation: the forecasts of both families, to one comparison and a registered model."""

from kedro.pipeline import Pipeline

from triptych.pipelines.namespaces import group_nodes, make_node
from triptych.pipelines.ts_common.family import STUDY, common_pipeline
from triptych.pipelines.ts_evaluation import nodes, plots, registration


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline: choose on validation, compare on the test period once, plot, register."""
    choice = ("chosen_model", "model_ranking", "validation_comparison")
    tests = ("test_forecasts_by_age", "test_forecasts")
    errors = ("error_by_time", "error_by_lead", "day_ahead_errors")
    innovations = ("innovation_tests", "innovation_autocorrelations")
    comparison = [
        make_node(nodes.join_validation, "validation_forecasts", "ensemble_weights"),
        make_node(nodes.choose_model, *choice, **STUDY),
        make_node(nodes.join_models, "fitted_models", periods="study_periods"),
        make_node(nodes.join_tests, *tests, periods="study_periods"),
        make_node(nodes.compare_models, "forecast_comparison", *errors, **STUDY),
        make_node(nodes.compare_pairs, "paired_tests"),
    ]
    residuals = [
        make_node(nodes.summarise_residuals, "residual_summary", "residuals_by_time"),
        make_node(nodes.examine_innovations, *innovations, **STUDY),
        make_node(plots.plot_residual_distribution, "residual_distribution_plot"),
        make_node(plots.plot_residual_autocorrelation, "residual_autocorrelation_plot"),
        make_node(plots.plot_residual_by_time, "residual_by_time_plot"),
        make_node(plots.plot_heteroscedasticity, "heteroscedasticity_plot"),
    ]
    drawn = [
        make_node(plots.plot_error_by_lead, "error_by_lead_plot"),
        make_node(plots.plot_error_by_time, "error_by_time_plot"),
        make_node(plots.plot_forecast, "forecast_plot"),
        make_node(plots.plot_importance, "importance_plot"),
    ]
    candidate = [
        make_node(registration.refit_model, "refitted_model", **STUDY),
        make_node(registration.prepare_candidate, "model_registry", **STUDY),
    ]
    groups = [group_nodes("residuals", residuals), group_nodes("plots", drawn)]
    evaluation = group_nodes("ts_evaluation", [*comparison, *groups, *candidate])
    return Pipeline([common_pipeline(), evaluation], tags="ts_evaluation")
