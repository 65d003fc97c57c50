"""Days of a location's time zone: 23, 24 or 25 hours; each step belongs to exactly one day."""

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from api.local_days import LocalDay, list_local_days, resolve_timezone
from api.schemas import Step
from tests.api.conftest import KINDS, open_client
from tests.api.tables import STEP, add_forecasts, add_locations, create_filled, july
from tests.api.test_api_surface import check_problem
from tests.fixtures.databases import create_schema, write_rows
from triptych.store import tables
from triptych.store.engine import create_engine


def find_local_day(day: date, zone: tzinfo) -> LocalDay | None:
    return next(iter(list_local_days(day, day, zone)), None)


@pytest.mark.parametrize(
    ("zone", "day", "first", "last", "number"),
    [
        # Paris: the night of 31 March has no 02:00, that of 27 October has it twice
        ("Europe/Paris", "2019-03-30", "2019-03-30T00", "2019-03-30T21", 8),
        ("Europe/Paris", "2019-03-31", "2019-03-31T00", "2019-03-31T21", 8),  # 23:00Z to 22:00Z
        ("Europe/Paris", "2019-07-14", "2019-07-14T00", "2019-07-14T21", 8),
        ("Europe/Paris", "2019-10-27", "2019-10-27T00", "2019-10-27T21", 8),  # 22:00Z to 23:00Z
        ("Europe/Paris", "2019-10-28", "2019-10-28T00", "2019-10-28T21", 8),
        # Athens: 22:00Z to 21:00Z, then 21:00Z to 22:00Z
        ("Europe/Athens", "2019-03-31", "2019-03-31T00", "2019-03-31T18", 7),
        ("Europe/Athens", "2019-04-01", "2019-03-31T21", "2019-04-01T18", 8),
        ("Europe/Athens", "2019-10-27", "2019-10-26T21", "2019-10-27T21", 9),
        ("Asia/Kolkata", "2019-07-14", "2019-07-13T21", "2019-07-14T18", 8),  # 18:30Z
        ("Pacific/Apia", "2011-12-31", "2011-12-30T12", "2011-12-31T09", 8),
        ("America/New_York", "2019-07-14", "2019-07-14T06", "2019-07-15T03", 8),
        ("UTC", "0001-01-01", "0001-01-01T00", "0001-01-01T21", 8),
    ],
)
def test_the_steps_of_a_day(zone: str, day: str, first: str, last: str, number: int) -> None:
    where = UTC if zone == "UTC" else ZoneInfo(zone)

    assert find_local_day(date.fromisoformat(day), where) == (
        date.fromisoformat(day),
        datetime.fromisoformat(f"{first}:00:00+00:00"),
        datetime.fromisoformat(f"{last}:00:00+00:00"),
        number,
    )


def test_a_day_that_a_zone_skipped_has_none() -> None:
    assert find_local_day(date(2011, 12, 30), ZoneInfo("Pacific/Apia")) is None
    for day in (date.min, date.max):
        assert find_local_day(day, ZoneInfo("Asia/Tokyo")) is None


@pytest.mark.parametrize(
    "zone", ["Europe/Paris", "Europe/Athens", "America/Sao_Paulo", "Australia/Lord_Howe"]
)
def test_every_step_belongs_to_exactly_one_day_which_its_local_time_names(zone: str) -> None:
    where = ZoneInfo(zone)
    days = [find_local_day(date(2018, 1, 1) + timedelta(days=n), where) for n in range(3 * 365)]
    found = [steps for steps in days if steps is not None]

    assert len(found) == len(days)
    assert all(later.first - earlier.last == STEP for earlier, later in pairwise(found))
    assert {steps.steps for steps in found} <= {7, 8, 9}
    for n, steps in enumerate(found):
        for instant in (steps.first, steps.last):
            assert instant.astimezone(where).date() == date(2018, 1, 1) + timedelta(days=n)


@pytest.mark.parametrize(
    "name",
    [
        "", ".", "..", "/", "Mars/Olympus", "../etc/passwd", "/etc/localtime", "a\0b",
        "Europe", "America/Indiana", "Europe/Paris/", "Europe/Paris/x", "x" * 300,
        "zone.tab", "\udc80",
    ],
)  # fmt: skip
def test_a_zone_that_nobody_knows(name: str) -> None:
    assert resolve_timezone(name) is None


# Issued on 10, 11 and 14 July at 00:00Z, two days each: the days that have all their steps.
COVERED = {
    "UTC": [10, 11, 12, 14, 15],
    "America/New_York": [10, 11, 14],  # from 06:00Z to 03:00Z
    "Asia/Tokyo": [11, 12, 15],  # from 15:00Z of the day before
    "Pacific/Kiritimati": [11, 12, 15],  # from 12:00Z of the day before
}


@pytest.fixture(scope="module", params=KINDS)
def zoned(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Give a client of locations in many zones.

    Paris and Athens have forecasts around both changes of the clocks; others have a day between
    their forecasts (COVERED), or no whole day (partial).
    """
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('zoned')}/triptych.db"
    else:
        url = create_schema(request.getfixturevalue("postgresql_server"))
    create_filled(url)
    engine = create_engine(url)
    slugs = {zone.lower().replace("/", "-"): zone for zone in COVERED}
    others = {"athens": "Europe/Athens", "odd": "Mars/Olympus", "folder": "Europe"}
    add_locations(engine, *others.items(), ("partial", "UTC"), *slugs.items())
    days = [
        first + timedelta(days=n)
        for first in (datetime(2019, 3, 28, tzinfo=UTC), datetime(2019, 10, 24, tzinfo=UTC))
        for n in range(8)
    ]
    places = ("paris", "athens")
    add_forecasts(engine, [(place, day) for place in places for day in days[:6] + days[8:14]])
    add_forecasts(engine, [(slug, july(day)) for slug in slugs for day in (10, 11, 14)])
    add_forecasts(engine, [("partial", july(12, 6))], leads=10)
    steps = [(p, day + STEP * n, 10.0, 3, 0) for p in places for day in days for n in range(8)]
    columns = ("location", "time", "temperature_2m", "hours_observed", "hours_interpolated")
    with engine.begin() as connection:
        write_rows(connection, tables.weather_3h, columns, steps)
    engine.dispose()
    with open_client(url) as client:
        yield client


def ask(client: Any, date: str, location: str) -> Any:
    return client.get("/predictions", params={"date": date, "location": location, "tz": "local"})


@pytest.mark.parametrize(
    ("location", "date", "first", "last", "count", "issued_at"),
    [
        ("paris", "2019-03-31", "2019-03-31T00", "2019-03-31T21", 8, "2019-03-31"),
        ("paris", "2019-10-27", "2019-10-27T00", "2019-10-27T21", 8, "2019-10-27"),
        ("athens", "2019-03-31", "2019-03-31T00", "2019-03-31T18", 7, "2019-03-31"),
        # begins at 21:00Z of the day before: the forecast of that day answers
        ("athens", "2019-10-27", "2019-10-26T21", "2019-10-27T21", 9, "2019-10-26"),
    ],
)
def test_a_local_day(
    zoned: Any, location: str, date: str, first: str, last: str, count: int, issued_at: str
) -> None:
    answer = ask(zoned, date, location).json()

    assert answer["date"] == date
    assert answer["timezone"] == f"Europe/{location.title()}"
    assert answer["data"][0]["time"] == f"{first}:00:00Z"
    assert answer["data"][-1]["time"] == f"{last}:00:00Z"
    assert answer["count"] == answer["expected"] == count
    assert answer["forecasts"][0]["issued_at"] == f"{issued_at}T00:00:00Z"


@pytest.mark.parametrize("location", ["paris", "athens"])
@pytest.mark.parametrize("period", [("2019-03-30", "2019-04-01"), ("2019-10-26", "2019-10-28")])
def test_a_local_period_is_its_local_days(
    zoned: Any, location: str, period: tuple[str, str]
) -> None:
    start, end = map(date.fromisoformat, period)
    params = {"start": str(start), "end": str(end), "location": location, "tz": "local"}
    answer = zoned.get("/predictions/observed", params=params).json()

    days = [
        ask(zoned, str(start + timedelta(days=n)), location).json()
        for n in range((end - start).days + 1)
    ]
    found = [{name: step[name] for name in Step.model_fields} for step in answer["data"]]
    assert found == [step for day in days for step in day["data"]]
    assert answer["expected"] == answer["count"] == sum(day["expected"] for day in days)
    assert answer["scores"]["count"] == answer["count"]


def test_utc_is_what_is_meant_unless_said_otherwise(zoned: Any) -> None:
    plain = {"date": "2019-10-27", "location": "athens"}
    assert zoned.get("/predictions", params=plain).json() == (
        zoned.get("/predictions", params={**plain, "tz": "utc"}).json()
    )
    assert zoned.get("/predictions", params=plain).json()["count"] == 8


def test_whose_day_must_be_said(zoned: Any) -> None:
    for path, params in (
        ("/predictions", {"date": "2019-10-27"}),
        ("/predictions/observed", {"start": "2019-10-27", "end": "2019-10-27"}),
    ):
        response = zoned.get(path, params={**params, "tz": "local"})
        assert check_problem(response, 422, path)["errors"][0]["parameter"] == "tz"
        response = zoned.get(path, params={**params, "tz": "local", "location": "atlantis"})
        check_problem(response, 404, path)
        for location, zone in (("odd", "Mars/Olympus"), ("folder", "Europe")):
            response = zoned.get(path, params={**params, "tz": "local", "location": location})
            assert f"utc: the time zone '{zone}'" in check_problem(response, 422, path)["detail"]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_ends_of_the_calendar_hold_nothing(zoned: Any, day: str) -> None:
    for location in ("paris", "athens"):
        check_problem(ask(zoned, day, location), 404, "/predictions")
        params = {"start": day, "end": day, "location": location, "tz": "local"}
        response = zoned.get("/predictions/observed", params=params)
        check_problem(response, 404, "/predictions/observed")


@pytest.mark.parametrize("zone", COVERED)
def test_every_day_that_a_404_names_is_there(zoned: Any, zone: str) -> None:
    location = zone.lower().replace("/", "-")
    answers = {day: ask(zoned, f"2019-07-{day:02d}", location) for day in range(1, 31)}
    covered = [day for day, answer in answers.items() if answer.status_code == 200]

    assert covered == COVERED[zone]
    for day in set(answers) - set(covered):
        check_problem(answers[day], 404, "/predictions")
        allowed = answers[day].json()["errors"][0]["allowed"]
        named = [int(each) for each in re.findall(r"2019-07-(\d\d)", allowed)]
        assert set(named) <= set(covered), allowed
        assert (named[0], named[-1]) == (covered[0], covered[-1]), allowed
        assert allowed.endswith(f"2019-07-{covered[-1]}")  # where the page finds the last day
    assert "There is: " in answers[13].json()["detail"]
    period = {"start": "2019-01-01", "end": "2019-02-01", "location": location, "tz": "local"}
    told = zoned.get("/predictions/observed", params=period).json()["errors"][0]["allowed"]
    assert told == f"2019-07-{covered[0]} to 2019-07-{covered[-1]}"


def test_a_forecast_of_no_whole_day_names_none(zoned: Any) -> None:
    response = ask(zoned, "2019-07-12", "partial")

    problem = check_problem(response, 404, "/predictions")
    assert problem["errors"][0]["allowed"] == "no day as a whole"
