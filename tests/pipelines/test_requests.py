"""What is missing, cut into requests hour by hour, and what these cost at a source's pace."""

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.parameters.forecasting import LimitParameters
from triptych.pipelines.ingestion.records import (
    Period,
    merge_periods,
    missing_periods,
    split_years,
)
from triptych.pipelines.ingestion.requests import Pacer, describe_budget, weight
from triptych.weather.errors import CallLimitReached

ORIGIN = datetime(2018, 12, 28, tzinfo=UTC)


def at(hour: int) -> datetime:
    return ORIGIN + timedelta(hours=hour)


def periods(longest: int = 300) -> st.SearchStrategy[Period]:
    pairs = st.tuples(st.integers(0, longest), st.integers(0, longest))
    return pairs.map(lambda pair: (at(min(pair)), at(max(pair))))


def hours_of(period: Period) -> set[datetime]:
    start, end = period
    return {start + timedelta(hours=h) for h in range(int((end - start) / timedelta(hours=1)))}


@given(periods(), st.lists(periods(), max_size=8))
def test_missing_is_wanted_without_what_is_there(wanted: Period, have: list[Period]) -> None:
    missing = missing_periods(wanted, have)

    known = set().union(*map(hours_of, have))
    assert set().union(*map(hours_of, missing)) == hours_of(wanted) - known
    assert all(start < end for start, end in missing)
    assert all(a[1] <= b[0] for a, b in pairwise(missing))

    assert missing_periods(wanted, [*have, *missing]) == []


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


EAST = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        (utc(2018, 3, 1), utc(2020, 2, 1),
         ["2018-03-01", "2019-01-01", "2020-01-01", "2020-02-01"]),
        (utc(2019, 1, 1), utc(2020, 1, 1), ["2019-01-01", "2020-01-01"]),
        (utc(2025, 2, 10, 1), utc(2025, 2, 11, 14), ["2025-02-10", "2025-02-12"]),
        (datetime(2020, 1, 1, 1, tzinfo=EAST), datetime(2020, 1, 1, 3, tzinfo=EAST),
         ["2019-12-31", "2020-01-01", "2020-01-02"]),
        (utc(2020, 1, 1), utc(2020, 1, 1), []),
    ],
)  # fmt: skip
def test_split_years(start: datetime, end: datetime, days: list[str]) -> None:
    assert split_years((start, end)) == list(pairwise(map(date.fromisoformat, days)))


@given(periods(longest=40_000))
def test_requests_cover_the_period_without_overlap_and_a_year_at_most(period: Period) -> None:
    requests = split_years(period)

    start, end = period
    assert bool(requests) == (start < end)
    if requests:
        assert requests[0][0] == start.date()
        assert requests[-1][1] - timedelta(days=1) <= end.date() <= requests[-1][1]
    assert all(a[1] == b[0] for a, b in pairwise(requests))
    assert all(first.year == (last - timedelta(days=1)).year for first, last in requests)


def day(number: int, days: int = 1) -> Period:
    return at(24 * number), at(24 * (number + days))


@pytest.mark.parametrize(
    ("apart", "merged"),
    [
        ([], []),
        ([day(50), day(10)], [day(10), day(50)]),
        ([day(10), day(20)], [day(10, 11)]),  # 14 days cost as much as one
        ([day(10), day(11, 30), day(15)], [day(10, 31)]),
        ([day(10, 350), day(385)], [day(10, 350), day(385)]),
        ([day(2), day(5)], [day(2, 4)]),  # two requests, as the new year lies between them
    ],
)
def test_periods_are_merged_where_one_request_costs_no_more(
    apart: list[Period], merged: list[Period]
) -> None:
    assert merge_periods(apart) == merged


FREE = LimitParameters(minute=600, hour=5000, day=10_000)


def test_the_cost_of_ten_thousand_locations_is_known_before_they_are_requested() -> None:
    assert weight(1, 3, 2) == 1
    assert weight(10, 365, 9) == pytest.approx(234.6, abs=0.1)
    # MEASUREMENTS of the free tier: three years of a place are about 78 calls at ten variables
    assert weight(1, 3 * 365, 10) == pytest.approx(78.2, abs=0.1)

    years = [weight(10, 365, 10)] * 3000  # 10,000 locations, three years
    told = "3,000 requests, 782,143 weighted calls: 79 days at 600 a minute, 5,000 an hour"
    assert describe_budget(years, FREE).startswith(told)
    assert describe_budget([23.5, 23.5], FREE).startswith("2 requests, 47 weighted calls: 1 min")
    assert describe_budget([23.5], None).endswith("no limit is set (ingestion.limits)")


def test_requests_wait_for_the_minute_and_the_hour_and_end_with_the_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept = [0.0]  # time passes only in waits
    monkeypatch.setattr("time.monotonic", lambda: sum(slept))
    monkeypatch.setattr("time.sleep", slept.append)
    pacer = Pacer(FREE)
    made: list[float] = []
    with pytest.raises(
        CallLimitReached, match=r"10,000 weighted calls of a day .* run again tomorrow"
    ):
        while True:
            pacer.wait(200)
            made.append(sum(slept))

    assert len(made) == 50  # of 200 each
    for seconds, most in ((60, 600), (3600, 5000)):
        busiest = max(sum(200 for at in made if end - seconds < at <= end) for end in made)
        assert busiest == most
    assert made[:6] == [0, 0, 0, 60, 60, 60]
    assert 3600 <= made[-1] < 2 * 3600


def test_a_source_without_limits_is_not_delayed() -> None:
    pacer = Pacer(None)
    for _ in range(100):
        pacer.wait(1e6)
