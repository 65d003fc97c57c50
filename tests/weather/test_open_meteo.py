"""The archive client against a real server: what it asks, what it takes, when it asks again."""

import logging
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from tests.weather.archive_server import UNITS, Answer, ArchiveServer
from triptych.weather.errors import (
    InvalidAnswer,
    SourceRefused,
    SourceUnavailable,
    WeatherError,
)
from triptych.weather.locations import Location
from triptych.weather.open_meteo import OpenMeteoArchive
from triptych.weather.source import Fetched

DAY = date(2019, 7, 14), date(2019, 7, 15)


@pytest.fixture
def archive(server: ArchiveServer, waits: list[float]) -> Iterator[OpenMeteoArchive]:
    client = OpenMeteoArchive(server.url, timeout=5.0, sleep=waits.append)
    yield client
    client.close()


@pytest.fixture
def fetch(archive: OpenMeteoArchive, paris: Location) -> Callable[[], Fetched]:
    """Ask for Paris, 14 July 2019: temperature and wind speed."""
    return lambda: archive.fetch(paris, *DAY, ["temperature_2m", "wind_speed_10m"])


def hours(first: str, count: int) -> pd.DatetimeIndex:
    return pd.date_range(first, periods=count, freq="h", tz="UTC", unit="us")


def test_asks_in_gmt_for_the_named_model_with_an_inclusive_end(
    archive: OpenMeteoArchive, server: ArchiveServer, paris: Location
) -> None:
    archive.fetch(paris, date(2019, 1, 1), date(2020, 1, 1), ["temperature_2m", "cloud_cover"])

    assert server.requests == [
        {
            "latitude": "48.75",
            "longitude": "2.25",
            "start_date": "2019-01-01",
            "end_date": "2019-12-31",
            "hourly": "temperature_2m,cloud_cover",
            "timezone": "GMT",
            "models": "era5",
        }
    ]


def test_gives_a_row_an_hour(fetch: Callable[[], Fetched]) -> None:
    fetched = fetch()

    expected = pd.DataFrame(
        {
            "location": "paris",
            "time": hours("2019-07-14", 24),
            "temperature_2m": [round(h / 10, 1) for h in range(24)],
            "wind_speed_10m": 10.0,
        }
    )
    pd.testing.assert_frame_equal(fetched.frame, expected)
    assert fetched.known_until == datetime(2019, 7, 15, tzinfo=UTC)


def test_all_variables_of_a_leap_year(
    archive: OpenMeteoArchive, server: ArchiveServer, paris: Location
) -> None:
    frame = archive.fetch(paris, date(2016, 1, 1), date(2017, 1, 1), list(UNITS)).frame

    assert frame.shape == (8784, 11)
    assert list(frame.columns[2:]) == list(UNITS)
    assert (frame.dtypes.iloc[2:] == np.float64).all()


@pytest.mark.parametrize(
    "faults",
    [
        ["429", "429"],
        ["500"],
        ["502"],
        ["503"],
        ["504"],
        ["half"],
        ["drop"],
        ["text"],
        ["error in 200"],
        ["array"],
        ["half", "drop", "503", "text"],
    ],
    ids="+".join,
)
def test_asks_again_after_a_passing_failure(
    faults: list[str], fetch: Callable[[], Fetched], server: ArchiveServer, waits: list[float]
) -> None:
    server.faults = list(faults)

    assert len(fetch().frame) == 24
    assert len(server.requests) == len(faults) + 1
    assert len(waits) == len(faults)


def test_asks_again_after_a_slow_answer(
    server: ArchiveServer, paris: Location, waits: list[float]
) -> None:
    client = OpenMeteoArchive(server.url, timeout=0.1, sleep=waits.append)
    server.faults = ["slow"]

    assert len(client.fetch(paris, *DAY, ["temperature_2m"]).frame) == 24
    assert len(waits) == 1
    client.close()


def test_waits_ever_longer_and_past_the_minute_of_a_minutely_limit(
    fetch: Callable[[], Fetched], server: ArchiveServer, waits: list[float]
) -> None:
    server.faults = ["429"] * 7

    with pytest.raises(SourceUnavailable, match=r"7 attempts.*status 429: Minutely API request"):
        fetch()
    assert len(waits) == 6
    for wait, base in zip(waits, [1, 2, 4, 8, 16, 32], strict=True):
        assert base <= wait <= min(base + 1, 32)
    assert 60 < sum(waits) < 70


def test_waits_as_long_as_the_service_says(
    fetch: Callable[[], Fetched], server: ArchiveServer, waits: list[float]
) -> None:
    server.faults, server.headers = ["503"], {"Retry-After": "17"}

    fetch()

    assert waits == [17.0]


@pytest.mark.parametrize("header", ["86400", "Wed, 21 Oct 2099 07:28:00 GMT", "-5"])
def test_a_wait_beyond_patience_is_not_followed(
    header: str, fetch: Callable[[], Fetched], server: ArchiveServer, waits: list[float]
) -> None:
    server.faults, server.headers = ["503"], {"Retry-After": header}

    fetch()

    assert 1 <= waits[0] <= 2


@pytest.mark.parametrize("limit", ["Hourly", "Daily", "Monthly"])
def test_a_long_limit_is_not_waited_for(
    limit: str, fetch: Callable[[], Fetched], server: ArchiveServer, waits: list[float]
) -> None:
    server.faults = [f"429 {limit} API request limit exceeded. Please try again tomorrow."]

    with pytest.raises(SourceRefused, match=rf"limit that is used up: {limit}.*run again"):
        fetch()
    assert waits == []


def test_a_source_that_is_away_ends_in_one_message(paris: Location, waits: list[float]) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    client = OpenMeteoArchive(url, sleep=waits.append)

    with pytest.raises(
        SourceUnavailable,
        match=rf"^paris, 2019-07-14 to 2019-07-15: the Open-Meteo archive \({url}\) gave no usable "
        r"answer in 7 attempts; .*ConnectError.*Check the network and TRIPTYCH_OPEN_METEO_URL",
    ):
        client.fetch(paris, *DAY, ["temperature_2m"])
    assert sum(waits) < 70
    client.close()


def test_one_attempt_is_one_attempt(
    server: ArchiveServer, paris: Location, waits: list[float]
) -> None:
    client = OpenMeteoArchive(server.url, attempts=1, sleep=waits.append)
    server.faults = ["500"]

    with pytest.raises(SourceUnavailable, match="in 1 attempt;"):
        client.fetch(paris, *DAY, ["temperature_2m"])
    assert waits == []
    client.close()


def test_a_refusal_is_not_asked_again(
    archive: OpenMeteoArchive, server: ArchiveServer, paris: Location, waits: list[float]
) -> None:
    with pytest.raises(SourceRefused, match=r"status 400: .*invalid String value moonshine"):
        archive.fetch(paris, *DAY, ["temperature_2m", "moonshine"])
    north_of_north = paris.model_copy(update={"latitude": 99.0})
    with pytest.raises(SourceRefused, match=r"^paris, .*range of -90 to 90°. Given: 99.0"):
        archive.fetch(north_of_north, *DAY, ["temperature_2m"])
    assert waits == []
    assert len(server.requests) == 2


def test_a_wrong_base_address_is_named(server: ArchiveServer, paris: Location) -> None:
    client = OpenMeteoArchive(f"{server.url}/elsewhere")

    with pytest.raises(SourceRefused, match=r"404: Not Found \(is TRIPTYCH_OPEN_METEO_URL the"):
        client.fetch(paris, *DAY, ["temperature_2m"])
    client.close()


@pytest.mark.parametrize(
    "url", ["ftp://host", "host", "", "http://", "http://host:port", "http://h/?k=v"]
)
def test_a_base_address_that_is_none(url: str) -> None:
    with pytest.raises(WeatherError, match="TRIPTYCH_OPEN_METEO_URL"):
        OpenMeteoArchive(url)


def set_values(name: str, where: slice, value: object) -> Callable[[Answer], None]:
    def change(answer: Answer) -> None:
        column = answer["hourly"][name]
        column[where] = [value] * len(column[where])

    return change


def test_a_tail_without_temperature_is_what_the_archive_does_not_have_yet(
    fetch: Callable[[], Fetched], server: ArchiveServer
) -> None:
    server.change = set_values("temperature_2m", slice(14, None), None)

    fetched = fetch()

    assert fetched.known_until == datetime(2019, 7, 14, 14, tzinfo=UTC)
    assert list(fetched.frame["time"]) == list(hours("2019-07-14", 14))


def test_hours_before_the_first_temperature_are_left_out(
    fetch: Callable[[], Fetched], server: ArchiveServer
) -> None:
    server.change = set_values("temperature_2m", slice(0, 5), None)

    fetched = fetch()

    assert fetched.known_until == datetime(2019, 7, 15, tzinfo=UTC)
    assert list(fetched.frame["time"]) == list(hours("2019-07-14T05:00", 19))


def test_nothing_but_nulls(fetch: Callable[[], Fetched], server: ArchiveServer) -> None:
    def nothing(answer: Answer) -> None:
        set_values("temperature_2m", slice(None), None)(answer)
        set_values("wind_speed_10m", slice(None), None)(answer)

    server.change = nothing

    fetched = fetch()

    assert fetched.frame.empty
    assert list(fetched.frame.columns) == ["location", "time", "temperature_2m", "wind_speed_10m"]
    assert fetched.frame["time"].dtype == pd.DatetimeTZDtype("us", "UTC")
    assert fetched.known_until == datetime(2019, 7, 14, tzinfo=UTC)


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

    frame = fetch().frame

    assert frame["wind_speed_10m"].isna().all()
    assert len(frame) == 24


def shift_hours(answer: Answer) -> None:
    answer["hourly"]["time"] = [
        t.replace("2019-07-14", "2019-07-15") for t in answer["hourly"]["time"]
    ]


def drop_an_hour(answer: Answer) -> None:
    for column in answer["hourly"].values():
        del column[7]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda answer: answer["hourly_units"].update(temperature_2m="°F"),
            r"temperature_2m must be in °C; found '°F'",
        ),
        (
            lambda answer: answer["hourly_units"].update(wind_speed_10m="undefined"),
            "wind_speed_10m must be in km/h; found 'undefined'",
        ),
        (
            shift_hours,
            r"24 hours 2019-07-14T00:00 to 2019-07-14T23:00; found 24, 2019-07-15T00:00 to",
        ),
        (drop_an_hour, r"24 hours .*; found 23, "),
        (
            lambda answer: answer["hourly"]["wind_speed_10m"].pop(),
            "a value of wind_speed_10m for each of 24 hours; found 23",
        ),
        (lambda answer: answer["hourly"].pop("wind_speed_10m"), "wind_speed_10m"),
        (lambda answer: answer["hourly"].update(time=[]), "found none"),
        (lambda answer: answer["hourly"].pop("time"), "24 hours"),
        (lambda answer: answer["hourly"].update(time=["soon"] * 24), "times are unreadable"),
        (
            lambda answer: answer["hourly"].update(temperature_2m=["warm"] * 24),
            "temperature_2m in the answer is not numbers",
        ),
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

    with pytest.raises(InvalidAnswer, match=message):
        fetch()
    assert waits == []


def test_a_request_for_no_day_or_without_temperature(
    archive: OpenMeteoArchive, server: ArchiveServer, paris: Location
) -> None:
    with pytest.raises(WeatherError, match="No day lies from 2019-07-14 up to"):
        archive.fetch(paris, DAY[0], DAY[0], ["temperature_2m"])
    with pytest.raises(WeatherError, match=r"must include temperature_2m.*found cloud_cover"):
        archive.fetch(paris, *DAY, ["cloud_cover"])
    assert server.requests == []


def test_a_password_in_the_address_is_sent_but_never_told(
    server: ArchiveServer,
    paris: Location,
    waits: list[float],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    url = server.url.replace("http://", "http://me:s3cret@")
    client = OpenMeteoArchive(url, sleep=waits.append)
    server.faults = ["503"] * 8

    with pytest.raises(SourceUnavailable) as raised:
        client.fetch(paris, *DAY, ["temperature_2m"])
    client.close()

    assert server.authorizations[0] == "Basic bWU6czNjcmV0"
    assert "s3cret" not in str(raised.value)
    assert len([record for record in caplog.records if record.name.startswith("triptych")]) == 6
    assert "s3cret" not in caplog.text
