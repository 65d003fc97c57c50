"""ts_ml: the history, to a comparison on the test period and a registered model."""

from kedro.pipeline import Node, Pipeline

from triptych.pipelines.ts_ml import nodes, plots
from triptych.pipelines.ts_ml.registration import prepare_candidate
from triptych.study import plan_study


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline: choose, then judge, then draw and register."""
    return Pipeline([*_choice(), *_judgement(), *_publication()], tags="ts_ml")


def _choice() -> list[Node]:
    """What is decided on validation, before the test period is looked at."""
    return [
        Node(
            plan_study,
            inputs=["history", "params:as_of", "params:today", "params:forecast"],
            outputs="study_periods",
            name="plan_study",
        ),
        Node(
            nodes.tune_models,
            inputs=["history", "study_periods", "params:models", "params:tuning", "params:seed"],
            outputs={"tuned_parameters": "tuned_parameters", "tuning_trials": "tuning_trials"},
            name="tune_models",
        ),
        Node(
            nodes.validate_models,
            inputs=[
                "history",
                "study_periods",
                "tuned_parameters",
                "params:horizon_days",
                "params:forecast",
                "params:seed",
            ],
            outputs={
                "validation_forecasts": "validation_forecasts",
                "ensemble_weights": "ensemble_weights",
            },
            name="validate_models",
        ),
        Node(
            nodes.choose_model,
            inputs=["validation_forecasts", "history", "study_periods"],
            outputs={
                "chosen_model": "chosen_model",
                "validation_comparison": "validation_comparison",
            },
            name="choose_model",
        ),
    ]


def _judgement() -> list[Node]:
    """What the test period says, once."""
    return [
        Node(
            nodes.fit_models,
            inputs=[
                "history",
                "study_periods",
                "tuned_parameters",
                "validation_forecasts",
                "ensemble_weights",
                "params:horizon_days",
                "params:forecast",
                "params:seed",
            ],
            outputs="fitted_models",
            name="fit_models",
        ),
        Node(
            nodes.backtest_models,
            inputs=["fitted_models", "history", "study_periods", "params:horizon_days"],
            outputs="test_forecasts",
            name="backtest_models",
        ),
        Node(
            nodes.compare_models,
            inputs=["test_forecasts", "history", "study_periods"],
            outputs={
                "forecast_comparison": "forecast_comparison",
                "error_by_lead": "error_by_lead",
            },
            name="compare_models",
        ),
    ]


def _publication() -> list[Node]:
    return [
        Node(
            plots.plot_error_by_lead,
            inputs="forecast_comparison",
            outputs="error_by_lead_plot",
            name="plot_error_by_lead",
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
        Node(
            prepare_candidate,
            inputs=[
                "chosen_model",
                "fitted_models",
                "forecast_comparison",
                "history",
                "study_periods",
                "params:as_of",
                "params:today",
            ],
            outputs="model_registry",
            name="prepare_candidate",
        ),
    ]
