"""Periods: what is missing, cut into requests; hour by hour it must come out the same."""

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.pipelines.ingestion.records import (
    Period,
    merge_periods,
    missing_periods,
    split_years,
)

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
