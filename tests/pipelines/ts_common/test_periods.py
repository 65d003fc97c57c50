"""When a forecast is issued, and how the periods of a study follow from it."""

from datetime import date
from typing import Any

import pytest

from tests.pipelines.hand_made import utc
from triptych.errors import ParameterError
from triptych.parameters.forecasting import ForecastParameters
from triptych.pipelines.ts_common.periods import StudyPeriods, parse_as_of, study_periods

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
