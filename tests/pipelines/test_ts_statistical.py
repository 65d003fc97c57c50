"""The study of the statistical models: what it searches, fits, compares and says of fallbacks."""

import json

import pandas as pd
import pytest
from kedro.pipeline import Pipeline

from tests.fixtures.project import Project
from tests.pipelines.hand_made import history, utc
from triptych.forecasting.models.factory import BASELINE_NAMES, STATISTICAL_NAMES
from triptych.hooks.run_summary import SummaryHook
from triptych.pipelines import ts_ml, ts_statistical
from triptych.pipelines.ts_common import family
from triptych.pipelines.ts_common.family import Forecasters
from triptych.pipelines.ts_common.periods import StudyPeriods
from triptych.pipelines.ts_statistical import nodes

SMALL = {
    "arima": {"ar": 1, "ma": 0},
    "sarimax": {"ar": 1, "ma": 0, "seasonal_ar": 0, "seasonal_ma": 0},
}


PERIODS = StudyPeriods(utc("2017-01-01"), utc("2018-07-01"), utc("2018-09-01"), utc("2018-10-01"))


@pytest.fixture(scope="module")
def known() -> pd.DataFrame:
    return history("2017-01-01", "2018-10-01")


@pytest.fixture(scope="module")
def validated(known: pd.DataFrame) -> pd.DataFrame:
    return family.validate_family(known, PERIODS, SMALL, 20)


@pytest.fixture(scope="module")
def fitted(known: pd.DataFrame, validated: pd.DataFrame) -> Forecasters:
    return family.fit_family(known, PERIODS, SMALL, validated, 20)


def test_validation_ends_where_the_test_period_begins(validated: pd.DataFrame) -> None:
    assert set(validated["model"]) == set(SMALL)
    assert validated["as_of"].min() == PERIODS.validation_start
    assert validated["time"].max() < PERIODS.test_start


def test_baselines_and_models_are_compared_on_the_same_targets(
    known: pd.DataFrame, fitted: Forecasters, validated: pd.DataFrame
) -> None:
    forecasts = family.backtest_family(fitted, known, PERIODS, validated)
    baselines = family.forecast_baselines(known, PERIODS, 20)
    assert forecasts["as_of"].min() == PERIODS.test_start
    assert forecasts["lower"].notna().all()
    table = family.compare_family(baselines["baseline_test_forecasts"], forecasts, known, PERIODS)
    assert set(table["model"]) == {*BASELINE_NAMES, *SMALL}
    assert table[table["lead"] == "1-8"]["n"].nunique() == 1
    error = table[(table["lead"] == "1-8") & (table["location"] == "all")].set_index("model")[
        "rmse"
    ]
    assert error["arima"] < error["climatology"]


def test_what_was_estimated_is_listed(fitted: Forecasters) -> None:
    table = nodes.describe_processes(fitted)
    assert tuple(table.columns) == nodes.PROCESS_COLUMNS
    assert table[["model", "location", "method", "ar", "reason"]].to_numpy().tolist() == [
        ["arima", "northmere", "maximum_likelihood", 1, ""],
        ["sarimax", "northmere", "maximum_likelihood", 1, ""],
    ]
    assert tuple(nodes.describe_processes({}).columns) == nodes.PROCESS_COLUMNS


def test_fallbacks_are_told_at_the_end_of_a_run(fitted: Forecasters) -> None:
    summary = SummaryHook()
    table = nodes.describe_processes(fitted)
    summary.after_dataset_saved("statistical_processes", table)
    assert summary.lines() == []
    table.loc[0, ["method", "reason"]] = ["white_noise", "nothing varies"]
    summary.after_dataset_saved("statistical_processes", table)
    assert summary.lines() == ["Fallback: arima of northmere is white_noise (nothing varies)"]


def test_both_studies_have_the_same_periods_planned_once() -> None:
    both: Pipeline = ts_statistical.create_pipeline() + ts_ml.create_pipeline()
    assert [node.short_name for node in both.nodes].count("plan_study") == 1


def test_the_main_job_compares_the_statistical_models(run_project: Project) -> None:
    reporting = run_project.path / "data/08_reporting"
    table = pd.read_csv(reporting / "statistical_comparison.csv", dtype={"lead": str})
    assert set(table["model"]) == {*BASELINE_NAMES, *STATISTICAL_NAMES}
    fresh = table[table["data_age"] == 0]
    day = fresh[(fresh["lead"] == "1-8") & (fresh["location"] == "all")].set_index("model")
    assert (day.loc[list(STATISTICAL_NAMES), "skill_climatology"] > 0.2).all()
    processes = pd.read_csv(reporting / "statistical_processes.csv", keep_default_na=False)
    assert len(processes) == 2 * len(STATISTICAL_NAMES)
    assert set(processes["reason"]) == {""}
    trials = pd.read_csv(reporting / "order_trials.csv")
    assert sorted(trials["model"]) == sorted(STATISTICAL_NAMES)
    chosen = json.loads(
        (run_project.path / "data/06_models/statistical_parameters.json").read_text()
    )
    assert set(chosen) == set(STATISTICAL_NAMES)
    for name in ("statistical_validation_forecasts", "statistical_test_forecasts"):
        frame = pd.read_parquet(run_project.path / f"data/07_model_output/{name}.parquet")
        assert frame["observed"].notna().mean() > 0.9
