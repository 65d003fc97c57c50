"""ts_evaluation: the forecasts of both families, to one comparison and a registered model."""

from kedro.pipeline import Node, Pipeline

from triptych.pipelines.namespaces import group_nodes
from triptych.pipelines.ts_common.study_nodes import common_pipeline
from triptych.pipelines.ts_evaluation import nodes, plots
from triptych.pipelines.ts_evaluation.registration import prepare_candidate, refit_model
from triptych.pipelines.ts_evaluation.residuals import residual_nodes


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline: choose on validation, compare on the test period, plot, register."""
    groups = [group_nodes("residuals", residual_nodes()), group_nodes("plots", _plots())]
    evaluation = group_nodes("ts_evaluation", [*_choice(), *_comparison(), *groups, *_candidate()])
    return Pipeline([common_pipeline(), evaluation], tags="ts_evaluation")


def _choice() -> list[Node]:
    """The decisions on validation, before the test period is read."""
    return [
        Node(
            nodes.join_validation,
            inputs=[
                "baseline_validation_forecasts",
                "learned_validation_forecasts",
                "statistical_validation_forecasts",
            ],
            outputs={
                "validation_forecasts": "validation_forecasts",
                "ensemble_weights": "ensemble_weights",
                "ensemble_all_weights": "ensemble_all_weights",
            },
            name="join_validation",
        ),
        Node(
            nodes.choose_model,
            inputs=["validation_forecasts", "study_history", "study_periods"],
            outputs={
                "chosen_model": "chosen_model",
                "model_ranking": "model_ranking",
                "validation_comparison": "validation_comparison",
            },
            name="choose_model",
        ),
        Node(
            nodes.join_models,
            inputs=[
                "fitted_learned",
                "fitted_statistical",
                "ensemble_weights",
                "ensemble_all_weights",
                "validation_forecasts",
                "study_periods",
            ],
            outputs="fitted_models",
            name="join_models",
        ),
    ]


def _comparison() -> list[Node]:
    """The test period, read once."""
    return [
        Node(
            nodes.join_tests,
            inputs=[
                "baseline_test_forecasts",
                "learned_test_forecasts",
                "statistical_test_forecasts",
                "fitted_models",
                "validation_forecasts",
                "study_history",
                "study_periods",
                "params:horizon_days",
                "params:forecast.data_ages",
                "params:engine",
            ],
            outputs={
                "test_forecasts_by_age": "test_forecasts_by_age",
                "test_forecasts": "test_forecasts",
            },
            name="join_tests",
        ),
        Node(
            nodes.compare_models,
            inputs=["test_forecasts_by_age", "test_forecasts", "study_history", "study_periods"],
            outputs={
                "forecast_comparison": "forecast_comparison",
                "error_by_time": "error_by_time",
                "error_by_lead": "error_by_lead",
                "day_ahead_errors": "day_ahead_errors",
            },
            name="compare_models",
        ),
        Node(
            nodes.compare_pairs,
            inputs=["test_forecasts", "model_ranking", "params:seed"],
            outputs="paired_tests",
            name="compare_pairs",
        ),
    ]


def _plots() -> list[Node]:
    return [
        Node(
            plots.plot_error_by_lead,
            inputs="forecast_comparison",
            outputs="error_by_lead_plot",
            name="plot_error_by_lead",
        ),
        Node(
            plots.plot_error_by_time,
            inputs=["error_by_time", "model_ranking"],
            outputs="error_by_time_plot",
            name="plot_error_by_time",
        ),
        Node(
            plots.plot_forecast,
            inputs=["test_forecasts", "chosen_model"],
            outputs="forecast_plot",
            name="plot_forecast",
        ),
        Node(
            plots.plot_importance,
            inputs=["fitted_models", "chosen_model"],
            outputs="importance_plot",
            name="plot_importance",
        ),
    ]


def _candidate() -> list[Node]:
    """The chosen model, refitted, in the registry."""
    return [
        Node(
            refit_model,
            inputs=[
                "chosen_model",
                "model_ranking",
                "fitted_models",
                "test_forecasts_by_age",
                "study_history",
                "study_periods",
                "params:engine",
            ],
            outputs="refitted_model",
            name="refit_model",
        ),
        Node(
            prepare_candidate,
            inputs=[
                "chosen_model",
                "refitted_model",
                "fitted_models",
                "forecast_comparison",
                "study_history",
                "study_periods",
                "params:as_of",
                "params:today",
                "params:registry",
            ],
            outputs="model_registry",
            name="prepare_candidate",
        ),
    ]
