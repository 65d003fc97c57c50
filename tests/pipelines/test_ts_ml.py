"""The study of the learned models: its periods, its tuning, what it leaves."""

import pandas as pd
import pytest

from tests.pipelines.hand_made import history, utc
from triptych.errors import PipelineError
from triptych.parameters.forecasting import (
    ForecastParameters,
    ModelParameters,
    NwpParameters,
    TuningParameters,
)
from triptych.pipelines.ts_common.family import search_parameters
from triptych.pipelines.ts_common.periods import StudyPeriods
from triptych.pipelines.ts_common.study import plan_study
from triptych.pipelines.ts_ml import nodes

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

    made = nodes.tune_models(history("2017-01-01", "2018-10-01"), PERIODS, models, tuning, NWP, 20)

    assert made["tuned_parameters"] == {"ridge": {}, "mos": {"publication_delay_hours": 6}}
    assert made["tuning_trials"].empty
