"""The archive client against a real server: what it asks, what it takes, when it asks again."""

import logging
import socket
import traceback
from collections.abc import Callable
from datetime import date

import numpy as np
import pytest

from tests.weather.archive_server import ArchiveServer
from triptych.weather.errors import (
    SourceRefused,
    SourceUnavailable,
    WeatherError,
)
from triptych.weather.locations import Location
from triptych.weather.sources.base import Fetched
from triptych.weather.sources.open_meteo import OpenMeteo
from triptych.weather.variables import VARIABLES

DAY = date(2019, 7, 14), date(2019, 7, 15)


def test_asks_in_gmt_for_the_named_model_with_an_inclusive_end(
    archive: OpenMeteo, server: ArchiveServer, paris: Location
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


def test_all_variables_of_a_leap_year(
    archive: OpenMeteo, server: ArchiveServer, paris: Location
) -> None:
    frame = archive.fetch(paris, date(2016, 1, 1), date(2017, 1, 1), list(VARIABLES)).frame

    assert frame.shape == (8784, 11)
    assert list(frame.columns[2:]) == list(VARIABLES)
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
    client = OpenMeteo(server.url, timeout=0.1, sleep=waits.append)
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
    client = OpenMeteo(url, sleep=waits.append)

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
    client = OpenMeteo(server.url, attempts=1, sleep=waits.append)
    server.faults = ["500"]

    with pytest.raises(SourceUnavailable, match="in 1 attempt;"):
        client.fetch(paris, *DAY, ["temperature_2m"])
    assert waits == []
    client.close()


def test_a_refusal_is_not_asked_again(
    archive: OpenMeteo, server: ArchiveServer, paris: Location, waits: list[float]
) -> None:
    with pytest.raises(SourceRefused, match=r"status 400: .*invalid String value moonshine"):
        archive.fetch(paris, *DAY, ["temperature_2m", "moonshine"])
    north_of_north = paris.model_copy(update={"latitude": 99.0})
    with pytest.raises(SourceRefused, match=r"^paris, .*range of -90 to 90°. Given: 99.0"):
        archive.fetch(north_of_north, *DAY, ["temperature_2m"])
    assert waits == []
    assert len(server.requests) == 2


def test_a_wrong_base_address_is_named(server: ArchiveServer, paris: Location) -> None:
    client = OpenMeteo(f"{server.url}/elsewhere")

    with pytest.raises(SourceRefused, match=r"404: Not Found \(is TRIPTYCH_OPEN_METEO_URL the"):
        client.fetch(paris, *DAY, ["temperature_2m"])
    client.close()


@pytest.mark.parametrize(
    "url", ["ftp://host", "host", "", "http://", "http://host:port", "http://h/?k=v"]
)
def test_a_base_address_that_is_none(url: str) -> None:
    with pytest.raises(WeatherError, match="TRIPTYCH_OPEN_METEO_URL"):
        OpenMeteo(url)


@pytest.mark.parametrize(
    "url", ["https://me:S3/cr@tPa55@host", "me:S3cr@tPa55@host", "ftp://me:S3cr@tPa55@host"]
)
def test_no_part_of_a_password_is_told_of_a_base_address_that_is_none(url: str) -> None:
    with pytest.raises(WeatherError, match="TRIPTYCH_OPEN_METEO_URL") as raised:
        OpenMeteo(url)
    told = "".join(traceback.format_exception(raised.value.with_traceback(None)))
    assert not {part for part in ("S3", "cr", "tPa55") if part in told}


def test_a_request_for_no_day(archive: OpenMeteo, server: ArchiveServer, paris: Location) -> None:
    with pytest.raises(WeatherError, match="No day lies from 2019-07-14 up to"):
        archive.fetch(paris, DAY[0], DAY[0], ["temperature_2m"])
    assert server.requests == []


def test_a_password_in_the_address_is_sent_but_never_told(
    server: ArchiveServer,
    paris: Location,
    waits: list[float],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    url = server.url.replace("http://", "http://me:s3cret@")
    client = OpenMeteo(url, sleep=waits.append)
    server.faults = ["503"] * 8

    with pytest.raises(SourceUnavailable) as raised:
        client.fetch(paris, *DAY, ["temperature_2m"])
    client.close()

    assert server.authorizations[0] == "Basic bWU6czNjcmV0"
    assert "s3cret" not in str(raised.value)
    assert len([record for record in caplog.records if record.name.startswith("triptych")]) == 6
    assert "s3cret" not in caplog.text
