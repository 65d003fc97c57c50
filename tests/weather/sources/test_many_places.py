"""Several places in one request, what requests cost, the pace, and the key that is never shown."""

import logging
from datetime import date

import pytest

from tests.weather.archive_server import ArchiveServer
from triptych.weather.errors import CallLimitReached, SourceRefused
from triptych.weather.locations import Location
from triptych.weather.sources.base import Query
from triptych.weather.sources.call_budget import CallLimits, Pacer, describe_budget, weight
from triptych.weather.sources.open_meteo import OpenMeteo

DAY = date(2019, 7, 14), date(2019, 7, 15)
FREE = CallLimits(minute=600, hour=5000, day=10_000)


def places(paris: Location, *latitudes: float) -> list[Location]:
    return [
        paris.model_copy(update={"slug": f"place-{n}", "latitude": latitude})
        for n, latitude in enumerate(latitudes)
    ]


def test_several_places_are_one_request_and_each_has_its_own_answer(
    archive: OpenMeteo, server: ArchiveServer, paris: Location
) -> None:
    found = list(
        archive.fetch_many(Query(places(paris, 48.0, 49.5, 51.0), *DAY), ["temperature_2m"])
    )

    (asked,) = server.requests
    assert (asked["latitude"], asked["longitude"]) == ("48.0,49.5,51.0", "2.25,2.25,2.25")
    assert [each.frame["location"].unique().tolist() for each in found] == [
        ["place-0"],
        ["place-1"],
        ["place-2"],
    ]
    assert [each.frame["temperature_2m"][0] for each in found] == [0.0, 1.0, 2.0]


def test_an_answer_for_fewer_places_is_asked_for_again(
    archive: OpenMeteo, server: ArchiveServer, paris: Location, waits: list[float]
) -> None:
    server.faults = ["array"]  # of two numbers

    query = Query(places(paris, 1.0, 2.0, 3.0), *DAY)
    assert len(list(archive.fetch_many(query, ["temperature_2m"]))) == 3
    assert len(waits) == 1


def test_the_key_is_sent_and_stands_in_no_log_or_message(
    server: ArchiveServer, paris: Location, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    archive = OpenMeteo(server.url, api_key="se-cret", sleep=lambda _: None)
    server.faults = ["", "500", "400 The key se-cret is not known"]
    archive.fetch(paris, *DAY, ["temperature_2m"])
    with pytest.raises(SourceRefused) as refused:
        archive.fetch(paris, *DAY, ["temperature_2m"])
    archive.close()

    assert {request["apikey"] for request in server.requests} == {"se-cret"}
    assert "The key *** is not known" in str(refused.value)
    assert "se-cret" not in caplog.text + repr(archive)


def test_what_ten_thousand_places_cost_is_known_before_they_are_asked_for() -> None:
    assert weight(1, 3, 2) == 1
    assert weight(10, 365, 9) == pytest.approx(234.6, abs=0.1)
    # MEASUREMENTS of the free tier: three years of a place are about 78 calls at ten variables
    assert weight(1, 3 * 365, 10) == pytest.approx(78.2, abs=0.1)

    years = [weight(10, 365, 10)] * 3000  # 10,000 places, three years
    told = "3,000 requests, 782,143 weighted calls: 79 days at 600 a minute, 5,000 an hour"
    assert describe_budget(years, FREE).startswith(told)
    assert describe_budget([23.5, 23.5], FREE).startswith("2 requests, 47 weighted calls: 1 min")
    assert describe_budget([23.5], None).endswith("no limit is set (ingestion.limits)")


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def __call__(self) -> float:
        return self.now


def test_requests_wait_for_the_minute_and_the_hour_and_end_with_the_day() -> None:
    clock = Clock()
    pacer = Pacer(FREE, clock=clock, sleep=clock.sleep)
    made = []
    with pytest.raises(
        CallLimitReached, match=r"10,000 weighted calls of a day .* run again tomorrow"
    ):
        while True:
            pacer.wait(200)
            made.append(clock.now)

    assert len(made) == 50  # of 200 each
    for seconds, most in ((60, 600), (3600, 5000)):
        busiest = max(sum(200 for at in made if end - seconds < at <= end) for end in made)
        assert busiest == most
    assert made[:6] == [0, 0, 0, 60, 60, 60]
    assert 3600 <= made[-1] < 2 * 3600


def test_a_source_without_limits_is_not_held_back() -> None:
    pacer = Pacer(None, sleep=lambda _: pytest.fail("it waited"))
    for _ in range(100):
        pacer.wait(1e6)
