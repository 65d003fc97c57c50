"""The studies of both families: periods, searches, fits, comparison, and fallbacks told."""

import json
from datetime import date
from typing import Any

import pandas as pd
import pytest
from kedro.pipeline import Pipeline

from tests.fixtures.project import Project
from tests.pipelines.hand_made import history, utc
from triptych.errors import ParameterError, PipelineError
from triptych.forecasting.models.factory import BASELINE_NAMES, STATISTICAL_NAMES
from triptych.hooks.run_summary import SummaryHook
from triptych.parameters.forecasting import (
    ForecastParameters,
    ModelParameters,
    NwpParameters,
    TuningParameters,
)
from triptych.pipelines import ts_ml, ts_statistical
from triptych.pipelines.ts_common import family
from triptych.pipelines.ts_common.family import Forecasters, search_parameters
from triptych.pipelines.ts_common.periods import StudyPeriods, parse_as_of, study_periods
from triptych.pipelines.ts_common.study import plan_study
from triptych.pipelines.ts_ml.nodes import tune_models
from triptych.pipelines.ts_statistical.nodes import PROCESS_COLUMNS, describe_processes

FORECAST = ForecastParameters(train_years=1, validation_years=1, data_ages=[0])

NWP = NwpParameters(models=[])


PERIODS = StudyPeriods(utc("2017-01-01"), utc("2018-07-01"), utc("2018-09-01"), utc("2018-10-01"))


def plan(known: pd.DataFrame, as_of: str = "2020-01-01") -> StudyPeriods:
    periods: StudyPeriods = plan_study(known, as_of, FORECAST, 1)["study_periods"]
    return periods


def test_a_study_that_the_data_cover_is_planned() -> None:
    assert plan(history("2017-01-01", "2020-01-01")) == StudyPeriods(
        utc("2017-01-01"), utc("2018-01-01"), utc("2019-01-01"), utc("2020-01-01")
    )


def test_the_test_period_ends_with_the_data_of_a_late_source() -> None:
    late = history("2017-01-01", "2019-12-26T12:00")

    assert plan(late).test_end == utc("2019-12-26")


@pytest.mark.parametrize(
    ("start", "end", "span"),
    [
        ("2018-01-01", "2020-01-01", "2018-01-01 to 2019-12-31"),  # nothing to train on
        ("2017-01-01", "2019-01-01", "2017-01-01 to 2018-12-31"),  # nothing to test on
    ],
)
def test_a_study_beyond_the_data_is_refused(start: str, end: str, span: str) -> None:
    with pytest.raises(PipelineError, match=f"the data of northmere span {span}. Name other dates"):
        plan(history(start, end))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2019-06-01", "2020-01-01"),  # too late
        ("2017-06-01", "2020-01-01"),  # less than a year before validation
        ("2017-01-01", "2018-12-01"),
    ],
)  # ends before the test period
def test_a_location_with_too_little_is_left_out_and_named(
    start: str, end: str, caplog: pytest.LogCaptureFixture
) -> None:
    whole = history("2017-01-01", "2020-01-01", ("brest",))
    known = pd.concat([whole, history(start, end, ("paris",))], ignore_index=True)

    made = plan_study(known, "2020-01-01", FORECAST, 1)

    pd.testing.assert_frame_equal(made["study_history"], whole)
    assert made["study_periods"] == plan(whole)
    assert [record.message for record in caplog.records] == [
        "paris: left out of the study, which needs 365 days of temperatures before 2018-01-01 and "
        "some from 2019-01-01 on"
    ]


def test_without_trials_the_parameters_stay_as_they_stand() -> None:
    given = {"ridge": {}, "arima": {"ar": 1}}

    found, trials, _ = search_parameters(
        given, given, history("2017-01-01", "2018-10-01"), PERIODS, trials=0
    )

    assert found == given
    assert trials.empty


def test_the_search_never_looks_at_the_test_period() -> None:
    known = history("2017-01-01", "2018-10-01")
    given = {"ridge": {}, "arima": {"ar": 1, "ma": 0}}
    temperature = known["temperature_2m"]

    def trials(until: str) -> str:
        changed = known.assign(temperature_2m=temperature.where(known["time"] < utc(until), -40.0))
        return search_parameters(given, given, changed, PERIODS, trials=1)[1].to_json()

    assert trials("2018-09-01") == trials("2018-10-01")
    assert trials("2018-08-31") != trials("2018-10-01")  # the check would notice


def test_nwp_models_are_given_the_publication_delay() -> None:
    models = ModelParameters(learned={"ridge": {}, "mos": {}})
    tuning = TuningParameters(trials=0, models=["ridge"])

    made = tune_models(history("2017-01-01", "2018-10-01"), PERIODS, models, tuning, NWP, 20)

    assert made["tuned_parameters"] == {"ridge": {}, "mos": {"publication_delay_hours": 6}}
    assert made["tuning_trials"].empty


SMALL = {
    "arima": {"ar": 1, "ma": 0},
    "sarimax": {"ar": 1, "ma": 0, "seasonal_ar": 0, "seasonal_ma": 0},
}


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
    table = describe_processes(fitted)
    assert tuple(table.columns) == PROCESS_COLUMNS
    assert table[["model", "location", "method", "ar", "reason"]].to_numpy().tolist() == [
        ["arima", "northmere", "maximum_likelihood", 1, ""],
        ["sarimax", "northmere", "maximum_likelihood", 1, ""],
    ]
    assert tuple(describe_processes({}).columns) == PROCESS_COLUMNS


def test_fallbacks_are_told_at_the_end_of_a_run(fitted: Forecasters) -> None:
    summary = SummaryHook()
    table = describe_processes(fitted)
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


TODAY = "2024-03-01"


def parameters(**values: Any) -> ForecastParameters:
    return ForecastParameters(
        **{"train_years": 3, "validation_years": 2, "data_ages": [0, 144]} | values
    )


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2019-07-14", "2019-07-14 00:00"),
        ("20190714", "2019-07-14 00:00"),
        ("2019-07-14T06:00:00Z", "2019-07-14 06:00"),
        ("2019-07-14T02:00:00+02:00", "2019-07-14 00:00"),
        ("2019-07-13T19:00-05:00", "2019-07-14 00:00"),
        ("2024-03-01T21:00", "2024-03-01 21:00"),  # the last step of today
    ],
)
def test_as_of_is_read_as_utc_unless_it_names_a_zone(text: str, instant: str) -> None:
    assert parse_as_of(text, TODAY) == utc(instant)


@pytest.mark.parametrize(
    "text", ["yesterday", "now", "", "2019-13-45", "03/04/2019", "14 July 2019", "None", "2019"]
)
def test_what_is_no_iso_date_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ParameterError) as caught:
        parse_as_of(text, TODAY)

    assert str(caught.value) == (
        f"Parameter as_of must be an ISO 8601 date such as 2019-07-14. Found {text!r}."
    )


@pytest.mark.parametrize("text", ["2019-07-14T01:00", "2019-07-14T00:00:01", "2019-07-14T00+02:00"])
def test_an_instant_off_the_grid_of_steps_is_refused(text: str) -> None:
    with pytest.raises(ParameterError, match=r"start of a 3-hour step.*Found '2019-07-14T"):
        parse_as_of(text, TODAY)


@pytest.mark.parametrize("text", ["2024-03-02", "2024-03-01T22:00:00-05:00", "9999-12-31"])
def test_the_future_is_refused(text: str) -> None:
    with pytest.raises(ParameterError, match=f"future: {text[:4]}.*today is 2024-03-01.*horizon"):
        parse_as_of(text, TODAY)


def test_periods_are_counted_back_from_as_of() -> None:
    assert study_periods(utc("2024-03-01"), parameters()) == StudyPeriods(
        train_start=utc("2018-03-01"),
        validation_start=utc("2021-03-01"),
        test_start=utc("2023-03-01"),
        test_end=utc("2024-03-01"),
    )


def test_a_day_that_has_begun_is_not_tested_on() -> None:
    assert study_periods(utc("2024-03-01 21:00"), parameters()).test_end == utc("2024-03-01")


def test_named_dates_are_taken_and_the_last_day_counts() -> None:
    named = parameters(
        train_start=date(2010, 1, 1),
        validation_start=date(2017, 1, 1),
        test_start=date(2019, 1, 1),
        test_end=date(2019, 12, 31),
    )

    assert study_periods(utc("2024-03-01"), named) == StudyPeriods(
        utc("2010-01-01"), utc("2017-01-01"), utc("2019-01-01"), utc("2020-01-01")
    )


def test_dates_that_are_not_named_follow_from_those_that_are() -> None:
    periods = study_periods(utc("2024-03-01"), parameters(test_end=date(2019, 12, 31)))

    assert periods == StudyPeriods(
        utc("2014-01-01"), utc("2017-01-01"), utc("2019-01-01"), utc("2020-01-01")
    )


def test_the_test_period_ends_by_as_of_whatever_is_named() -> None:
    named = parameters(test_start=date(2019, 1, 1), test_end=date(2019, 12, 31))

    assert study_periods(utc("2019-07-14"), named).test_end == utc("2019-07-14")


@pytest.mark.parametrize(
    "named",
    [
        {"train_start": date(2022, 1, 1)},  # after validation begins
        {"train_start": date(2021, 3, 1)},  # no training day at all
        {"validation_start": date(2023, 3, 1)},  # no validation day
        {"test_start": date(2024, 3, 1)},  # as_of: nothing to test on
        {"test_end": date(2022, 12, 31), "test_start": date(2023, 1, 1)},
    ],
)
def test_periods_that_do_not_follow_one_another_are_refused(named: dict[str, date]) -> None:
    with pytest.raises(ParameterError, match=r"must follow one another: train_start < .*Found 20"):
        study_periods(utc("2024-03-01"), parameters(**named))


def test_the_message_shows_the_days_that_were_found() -> None:
    with pytest.raises(ParameterError, match="Found 2022-01-01, 2021-03-01, 2023-03-01, 2024-02-2"):
        study_periods(utc("2024-03-01"), parameters(train_start=date(2022, 1, 1)))


@pytest.mark.parametrize(("as_of", "years"), [("0001-01-01", 1), ("2024-03-01", 5_000)])
def test_a_study_before_the_calendar_is_refused(as_of: str, years: int) -> None:
    with pytest.raises(ParameterError, match=r"before the calendar begins.*forecast\.train_years"):
        study_periods(utc(as_of), parameters(train_years=years))
