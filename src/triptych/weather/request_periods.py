"""Which periods a source still has to be asked for. A period is half-open: start, exclusive end."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta

Period = tuple[datetime, datetime]


def missing_periods(wanted: Period, have: Iterable[Period]) -> list[Period]:
    """Find what of `wanted` no period of `have` covers, in order of time.

    Args:
        wanted: the whole; empty if it ends where it starts or before.
        have: in any order, overlapping or not.
    """
    start, end = wanted
    missing = []
    for known_start, known_end in sorted(have):
        if known_start >= end:
            break
        if known_start > start:
            missing.append((start, known_start))
        start = max(start, known_end)
    if start < end:
        missing.append((start, end))
    return missing


def split_years(period: Period) -> list[tuple[date, date]]:
    """Cut a period into requests: whole UTC days that cover it, none across a new year.

    Returns:
        Pairs of a first day and the day after the last.
    """
    start, end = (instant.astimezone(UTC) for instant in period)
    if end <= start:
        return []
    first, last = start.date(), (end - timedelta(microseconds=1)).date()
    bounds = [first, *(date(year, 1, 1) for year in range(first.year + 1, last.year + 1))]
    return list(zip(bounds, [*bounds[1:], last + timedelta(days=1)], strict=True))


def expected_until(
    known_until: datetime, asked_until: datetime, now: datetime, lag: timedelta
) -> datetime:
    """Tell up to when a source should have data: up to its last value, and all older than `lag`.

    Younger hours beyond the last value are not due yet (ERA5 is five to six days late).
    """
    return max(known_until, min(asked_until, now - lag))


def merge_periods(periods: Iterable[Period], cost: Callable[[int], float]) -> list[Period]:
    """Join periods where one request for both costs no more than two.

    Args:
        periods: in any order, overlapping or not.
        cost: the cost of a request for so many days.
    """
    merged: list[Period] = []
    for start, end in sorted(periods):
        if merged:
            before, until = merged[-1]
            joined = (before, max(until, end))
            if _cost(joined, cost) <= _cost(merged[-1], cost) + _cost((start, end), cost):
                merged[-1] = joined
                continue
        merged.append((start, end))
    return merged


def _cost(period: Period, cost: Callable[[int], float]) -> float:
    return sum(cost((end - start).days) for start, end in split_years(period))
