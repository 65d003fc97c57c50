"""The study of one family of forecasters, used by ts_ml and ts_statistical."""

from kedro.pipeline import Node, Pipeline

from triptych.pipelines.namespaces import group_nodes
from triptych.pipelines.ts_common import family, study

_STUDY = ["study_history", "study_periods"]
_LEADS = ["params:horizon_days", "params:forecast.data_ages"]


def common_pipeline() -> Pipeline:
    """Fix the periods and locations of the study, snapshot its rows, and forecast baselines."""
    nodes = [
        Node(
            study.plan_study,
            inputs=["history", "params:as_of", "params:today", "params:forecast"],
            outputs={"study_periods": "study_periods", "study_history": "study_history"},
            name="plan_study",
        ),
        Node(
            study.keep_training_rows,
            inputs=_STUDY,
            outputs="training_rows",
            name="keep_training_rows",
        ),
        Node(
            family.forecast_baselines,
            inputs=[*_STUDY, *_LEADS, "params:seed", "params:engine"],
            outputs={
                "baseline_validation_forecasts": "baseline_validation_forecasts",
                "baseline_test_forecasts": "baseline_test_forecasts",
            },
            name="forecast_baselines",
        ),
    ]
    return group_nodes("ts_common", nodes)


def family_nodes(name: str, parameters: str, estimates: str | None = None) -> list[Node]:
    """Build the nodes from hyperparameters to a comparison on the test period.

    Args:
        name: prefix or suffix of the datasets: `learned`, `statistical`.
        parameters: dataset of the hyperparameters by model.
        estimates: dataset of the processes that need not be estimated again.
    """
    validation, test = f"{name}_validation_forecasts", f"{name}_test_forecasts"
    fitting = {
        "history": "study_history",
        "periods": "study_periods",
        "parameters": parameters,
        "horizon_days": "params:horizon_days",
        "data_ages": "params:forecast.data_ages",
        "seed": "params:seed",
        "engine": "params:engine",
    }
    known = {} if estimates is None else {"estimated_processes": estimates}
    return [
        Node(
            family.validate_family,
            inputs={**fitting, **known},
            outputs=validation,
            name=f"validate_{name}",
        ),
        Node(
            family.fit_family,
            inputs={**fitting, "validation_forecasts": validation},
            outputs=f"fitted_{name}",
            name=f"fit_{name}",
        ),
        Node(
            family.backtest_family,
            inputs=[f"fitted_{name}", *_STUDY, validation, *_LEADS, "params:engine"],
            outputs=test,
            name=f"backtest_{name}",
        ),
        Node(
            family.compare_family,
            inputs=["baseline_test_forecasts", test, *_STUDY],
            outputs=f"{name}_comparison",
            name=f"compare_{name}",
        ),
    ]
