"""The client against a real server: what it requests, when it retries, and its messages."""

import logging
import socket
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.weather.archive_server import Answer, ArchiveServer
from tests.weather.places import PARIS, fetch_one
from triptych.weather.errors import (
    CallLimitReached,
    InvalidResponse,
    SourceRefused,
    SourceUnavailable,
    WeatherError,
)
from triptych.weather.sources.base import Fetched, Query
from triptych.weather.sources.open_meteo import OpenMeteo
from triptych.weather.variables import VARIABLES

DAY = date(2019, 7, 14), date(2019, 7, 15)
Fetch = Callable[[], Fetched]


def fetch_day(url: str, waits: list[float] | None = None, **options: Any) -> Fetched:
    """Request the temperature of one day with a client of its own."""
    sleep = [].append if waits is None else waits.append
    with closing(OpenMeteo(url, sleep=sleep, **options)) as client:
        return fetch_one(client, PARIS, *DAY, ["temperature_2m"])


def test_requests_gmt_the_named_model_and_an_inclusive_end(
    archive: OpenMeteo, server: ArchiveServer
) -> None:
    fetch_one(archive, PARIS, date(2019, 1, 1), date(2020, 1, 1), ["temperature_2m", "cloud_cover"])

    assert server.requests == [{
        "latitude": "48.75", "longitude": "2.25", "start_date": "2019-01-01",
        "end_date": "2019-12-31", "hourly": "temperature_2m,cloud_cover", "timezone": "GMT",
        "models": "era5",
    }]  # fmt: skip


def test_all_variables_of_a_leap_year(archive: OpenMeteo) -> None:
    frame = fetch_one(archive, PARIS, date(2016, 1, 1), date(2017, 1, 1), list(VARIABLES)).frame

    assert frame.shape == (8784, 11)
    assert frame.dtypes.iloc[2:].to_dict() == dict.fromkeys(VARIABLES, np.float64)


@pytest.fixture
def three() -> Query:
    places = [
        PARIS.model_copy(update={"slug": f"place-{n}", "latitude": latitude})
        for n, latitude in enumerate((48.0, 49.5, 51.0))
    ]
    return Query(places, *DAY)


def test_several_locations_are_one_request_and_each_has_its_own_answer(
    archive: OpenMeteo, server: ArchiveServer, three: Query, waits: list[float]
) -> None:
    frames = [each.frame for each in archive.fetch_many(three, ["temperature_2m"])]

    (asked,) = server.requests
    assert (asked["latitude"], asked["longitude"]) == ("48.0,49.5,51.0", "2.25,2.25,2.25")
    slugs = [frame["location"].unique().tolist() for frame in frames]
    assert slugs == [["place-0"], ["place-1"], ["place-2"]]
    assert [frame["temperature_2m"][0] for frame in frames] == [0.0, 1.0, 2.0]
    server.faults = ["array"]  # of two numbers
    assert len(list(archive.fetch_many(three, ["temperature_2m"]))) == 3
    assert len(waits) == 1


@pytest.mark.parametrize(
    "faults",
    [["429", "429"], ["500"], ["502"], ["503"], ["504"], ["array"],
     ["half", "drop", "503", "text", "error in 200"]],
    ids="+".join,
)  # fmt: skip
def test_a_passing_failure_is_retried(
    faults: list[str], fetch: Fetch, server: ArchiveServer, waits: list[float]
) -> None:
    server.faults = list(faults)

    assert len(fetch().frame) == 24
    assert len(server.requests) == len(faults) + 1
    assert len(waits) == len(faults)


def test_a_slow_answer_is_requested_again(server: ArchiveServer, waits: list[float]) -> None:
    server.faults = ["slow"]

    assert len(fetch_day(server.url, waits, timeout=0.1).frame) == 24
    assert len(waits) == 1


def test_waits_ever_longer_and_past_the_minute_of_a_minutely_limit(
    fetch: Fetch, server: ArchiveServer, waits: list[float]
) -> None:
    server.faults = ["429"] * 7

    with pytest.raises(SourceUnavailable, match=r"7 attempts.*status 429: Minutely API request"):
        fetch()
    for wait, base in zip(waits, [1, 2, 4, 8, 16, 32], strict=True):
        assert base <= wait <= min(base + 1, 32)
    assert 60 < sum(waits) < 70


@pytest.mark.parametrize(
    ("header", "shortest", "longest"),
    [("17", 17, 17), ("86400", 1, 2), ("Wed, 21 Oct 2099 07:28:00 GMT", 1, 2), ("-5", 1, 2)],
)
def test_waits_as_long_as_the_service_says_within_its_patience(
    header: str, shortest: int, longest: int, fetch: Fetch, server: ArchiveServer,
    waits: list[float],
) -> None:  # fmt: skip
    server.faults, server.headers = ["503"], {"Retry-After": header}

    fetch()

    assert shortest <= waits[0] <= longest


@pytest.mark.parametrize("limit", ["Hourly", "Daily", "Monthly"])
def test_a_long_limit_is_not_waited_for(
    limit: str, fetch: Fetch, server: ArchiveServer, waits: list[float]
) -> None:
    server.faults = [f"429 {limit} API request limit exceeded. Please try again tomorrow."]

    with pytest.raises(CallLimitReached, match=rf"limit that is used up: {limit}.*run again"):
        fetch()
    assert waits == []


@pytest.fixture
def unreachable() -> Iterator[str]:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{closed.getsockname()[1]}"


def test_an_unreachable_source_ends_in_one_message(unreachable: str, waits: list[float]) -> None:
    with pytest.raises(
        SourceUnavailable,
        match=rf"^paris, 2019-07-14 to 2019-07-15: the Open-Meteo archive \({unreachable}\) gave "
        r"no usable response in 7 attempts; .*ConnectError.*Check the network and "
        "TRIPTYCH_OPEN_METEO_URL",
    ):
        fetch_day(unreachable, waits)
    assert sum(waits) < 70


def test_a_refused_request_is_not_retried(
    archive: OpenMeteo, server: ArchiveServer, waits: list[float]
) -> None:
    with pytest.raises(SourceRefused, match=r"status 400: .*invalid String value moonshine"):
        fetch_one(archive, PARIS, *DAY, ["temperature_2m", "moonshine"])
    with pytest.raises(SourceRefused, match=r"^paris, .*range of -90 to 90°. Given: 99.0"):
        fetch_one(archive, PARIS.model_copy(update={"latitude": 99.0}), *DAY, ["temperature_2m"])
    assert waits == []
    assert len(server.requests) == 2


def test_a_wrong_base_address_is_named(server: ArchiveServer) -> None:
    with pytest.raises(SourceRefused, match=r"404: Not Found \(is TRIPTYCH_OPEN_METEO_URL the"):
        fetch_day(f"{server.url}/elsewhere")


@pytest.mark.parametrize(
    "url",
    ["ftp://host", "host", "", "http://", "http://host:port", "http://h/?k=v",
     "https://me:S3/cr@tPa55@host", "me:S3cr@tPa55@host", "ftp://me:S3cr@tPa55@host"],
)  # fmt: skip
def test_an_invalid_base_address_is_named_without_its_password(url: str) -> None:
    with pytest.raises(WeatherError, match="TRIPTYCH_OPEN_METEO_URL") as raised:
        OpenMeteo(url)
    told = "".join(traceback.format_exception(raised.value.with_traceback(None)))
    assert not {part for part in ("S3", "cr@", "tPa55") if part in told}


def test_a_password_in_the_address_is_sent_and_in_no_log_or_message(
    server: ArchiveServer, waits: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.faults = ["503"] * 8

    with pytest.raises(SourceUnavailable) as raised:
        fetch_day(server.url.replace("http://", "http://me:s3cret@"), waits)

    assert server.authorizations[0] == "Basic bWU6czNjcmV0"
    assert len([record for record in caplog.records if record.name.startswith("triptych")]) == 6
    assert "s3cret" not in caplog.text + str(raised.value)


def test_a_key_is_sent_and_in_no_log_or_message(
    server: ArchiveServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.faults = ["", "500", "400 The key se-cret is not known"]

    fetch_day(server.url, api_key="se-cret")
    with pytest.raises(SourceRefused) as refused:
        fetch_day(server.url, api_key="se-cret")

    assert {request["apikey"] for request in server.requests} == {"se-cret"}
    assert "The key *** is not known" in str(refused.value)
    assert "se-cret" not in caplog.text


def hours(first: str, count: int) -> pd.DatetimeIndex:
    return pd.date_range(first, periods=count, freq="h", tz="UTC", unit="us")


def test_gives_a_row_an_hour(fetch: Fetch) -> None:
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
    where: slice, left: pd.DatetimeIndex, fetch: Fetch, server: ArchiveServer
) -> None:
    server.change = both(where)

    assert list(fetch().frame["time"]) == list(left)


def test_nothing_but_nulls(fetch: Fetch, server: ArchiveServer) -> None:
    server.change = both(slice(None))

    fetched = fetch()

    assert fetched.frame.empty
    assert list(fetched.frame.columns) == ["location", "time", "temperature_2m", "wind_speed_10m"]
    assert fetched.frame["time"].dtype == pd.DatetimeTZDtype("us", "UTC")


def test_nulls_in_between_stay_missing_and_empty_hours_are_left_out(
    fetch: Fetch, server: ArchiveServer
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


def test_a_variable_that_the_model_does_not_have(fetch: Fetch, server: ArchiveServer) -> None:
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
    fetch: Fetch,
    server: ArchiveServer,
    waits: list[float],
) -> None:
    server.change = change

    with pytest.raises(InvalidResponse, match=message):
        fetch()
    assert waits == []
