"""ts_ml: the history, to a comparison of learned forecasters on the test period."""

from kedro.pipeline import Node, Pipeline

from triptych.pipelines.namespaces import group_nodes
from triptych.pipelines.ts_common.study_nodes import common_pipeline
from triptych.pipelines.ts_ml import nodes


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline: choose, then judge. Its periods are those of ts_statistical too."""
    study = group_nodes("ts_ml", [*_choice(), *_judgement()])
    return Pipeline([common_pipeline(), study], tags="ts_ml")


def _choice() -> list[Node]:
    """What is decided on validation, before the test period is looked at."""
    return [
        Node(
            nodes.tune_models,
            inputs=[
                "study_history",
                "study_periods",
                "params:models",
                "params:tuning",
                "params:seed",
            ],
            outputs={
                "tuned_parameters": "tuned_parameters",
                "tuning_trials": "tuning_trials",
                "tuning_trial_metrics": "tuning_trial_metrics",
            },
            name="tune_models",
        ),
        Node(
            nodes.validate_models,
            inputs=[
                "study_history",
                "study_periods",
                "tuned_parameters",
                "params:horizon_days",
                "params:forecast",
                "params:seed",
                "params:engine",
            ],
            outputs={
                "learned_validation_forecasts": "learned_validation_forecasts",
                "ensemble_weights": "ensemble_weights",
            },
            name="validate_models",
        ),
    ]


def _judgement() -> list[Node]:
    """What the test period says, once."""
    return [
        Node(
            nodes.fit_models,
            inputs=[
                "study_history",
                "study_periods",
                "tuned_parameters",
                "learned_validation_forecasts",
                "ensemble_weights",
                "params:horizon_days",
                "params:forecast",
                "params:seed",
            ],
            outputs="fitted_learned",
            name="fit_models",
        ),
        Node(
            nodes.backtest_models,
            inputs=[
                "fitted_learned",
                "study_history",
                "study_periods",
                "params:horizon_days",
                "params:engine",
            ],
            outputs="learned_test_forecasts",
            name="backtest_models",
        ),
        Node(
            nodes.compare_learned,
            inputs=["learned_test_forecasts", "study_history", "study_periods"],
            outputs="learned_comparison",
            name="compare_learned",
        ),
    ]
