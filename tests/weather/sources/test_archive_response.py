"""Answers of the archive: what becomes a row, what is cut off, what is not used at all."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from tests.weather.archive_server import Answer, ArchiveServer
from triptych.weather.errors import InvalidResponse
from triptych.weather.sources.base import Fetched


def hours(first: str, count: int) -> pd.DatetimeIndex:
    return pd.date_range(first, periods=count, freq="h", tz="UTC", unit="us")


def test_gives_a_row_an_hour(fetch: Callable[[], Fetched]) -> None:
    fetched = fetch()

    expected = pd.DataFrame({
        "location": "paris", "time": hours("2019-07-14", 24),
        "temperature_2m": [round(h / 10, 1) for h in range(24)], "wind_speed_10m": 10.0,
    })  # fmt: skip
    pd.testing.assert_frame_equal(fetched.frame, expected)


def set_values(name: str, where: slice, value: object) -> Callable[[Answer], None]:
    def change(answer: Answer) -> None:
        column = answer["hourly"][name]
        column[where] = [value] * len(column[where])

    return change


def both(where: slice) -> Callable[[Answer], None]:
    def change(answer: Answer) -> None:
        set_values("temperature_2m", where, None)(answer)
        set_values("wind_speed_10m", where, None)(answer)

    return change


@pytest.mark.parametrize(
    ("where", "left"),
    [(slice(14, None), hours("2019-07-14", 14)), (slice(0, 5), hours("2019-07-14T05:00", 19))],
)
def test_hours_before_the_first_and_after_the_last_value_are_left_out(
    where: slice, left: pd.DatetimeIndex, fetch: Callable[[], Fetched], server: ArchiveServer
) -> None:
    server.change = both(where)

    assert list(fetch().frame["time"]) == list(left)


def test_nothing_but_nulls(fetch: Callable[[], Fetched], server: ArchiveServer) -> None:
    server.change = both(slice(None))

    fetched = fetch()

    assert fetched.frame.empty
    assert list(fetched.frame.columns) == ["location", "time", "temperature_2m", "wind_speed_10m"]
    assert fetched.frame["time"].dtype == pd.DatetimeTZDtype("us", "UTC")


def test_nulls_in_between_stay_missing_and_empty_hours_are_left_out(
    fetch: Callable[[], Fetched], server: ArchiveServer
) -> None:
    def holes(answer: Answer) -> None:
        set_values("temperature_2m", slice(3, 5), None)(answer)
        set_values("wind_speed_10m", slice(4, 6), None)(answer)

    server.change = holes

    frame = fetch().frame.set_index("time")

    assert pd.Timestamp("2019-07-14T04:00Z") not in frame.index
    assert len(frame) == 23
    assert np.isnan(frame.loc["2019-07-14T03:00Z", "temperature_2m"])
    assert frame.loc["2019-07-14T03:00Z", "wind_speed_10m"] == 10.0
    assert np.isnan(frame.loc["2019-07-14T05:00Z", "wind_speed_10m"])
    assert frame.loc["2019-07-14T05:00Z", "temperature_2m"] == 0.5


def test_a_variable_that_the_model_does_not_have(
    fetch: Callable[[], Fetched], server: ArchiveServer
) -> None:
    def absent(answer: Answer) -> None:
        set_values("wind_speed_10m", slice(None), None)(answer)
        answer["hourly_units"]["wind_speed_10m"] = "undefined"

    server.change = absent

    fetched = fetch()

    assert fetched.frame["wind_speed_10m"].isna().all()
    assert len(fetched.frame) == 24
    assert fetched.absent == {"wind_speed_10m"}


def shift_hours(answer: Answer) -> None:
    answer["hourly"]["time"] = [
        t.replace("2019-07-14", "2019-07-15") for t in answer["hourly"]["time"]
    ]


def drop_an_hour(answer: Answer) -> None:
    for column in answer["hourly"].values():
        del column[7]


def hourly(**values: object) -> Callable[[Answer], None]:
    return lambda answer: answer["hourly"].update(values)


def units(**values: str) -> Callable[[Answer], None]:
    return lambda answer: answer["hourly_units"].update(values)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (units(temperature_2m="°F"), r"must have temperature_2m in °C; found '°F'"),
        (units(wind_speed_10m="undefined"), "have wind_speed_10m in km/h; found 'undefined'"),
        (shift_hours, r"24 hours 2019-07-14T00:00 to 2019-07-14T23:00; found 24, 2019-07-15T00:00"),
        (drop_an_hour, r"24 hours .*; found 23, "),
        (hourly(wind_speed_10m=[1.0] * 23), "a number of wind_speed_10m .* 24 hours; found 23"),
        (hourly(wind_speed_10m=None), "a number of wind_speed_10m .* 24 hours; found none"),
        (hourly(temperature_2m=["warm"] * 24), "a number of temperature_2m .*; found none"),
        (hourly(time=[]), "found no readable times"),
        (hourly(time=None), "24 hours"),
        (hourly(time=["soon"] * 24), "found no readable times"),
        (lambda answer: answer.update(utc_offset_seconds=7200), "an offset of 0 s; found 7200"),
        (lambda answer: answer.pop("utc_offset_seconds"), "an offset of 0 s; found None"),
        (lambda answer: answer.pop("hourly"), "must hold `hourly` and `hourly_units`"),
    ],
)
def test_an_answer_to_another_question_is_not_used(
    change: Callable[[Answer], None],
    message: str,
    fetch: Callable[[], Fetched],
    server: ArchiveServer,
    waits: list[float],
) -> None:
    server.change = change

    with pytest.raises(InvalidResponse, match=message):
        fetch()
    assert waits == []
