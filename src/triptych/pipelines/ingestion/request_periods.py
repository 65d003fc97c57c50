"""Periods that are still to be requested. A period is half-open: start, exclusive end."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

Period = tuple[datetime, datetime]
_CHEAP = timedelta(days=14)  # that one call pays for


def missing_periods(wanted: Period, have: Iterable[Period]) -> list[Period]:
    """Return what no period of `have` covers of `wanted`, in order of time."""
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


def overlaps(one: Period, other: Period) -> bool:
    """Tell whether two periods share an instant."""
    return one[0] < other[1] and other[0] < one[1]


def split_years(period: Period) -> list[tuple[date, date]]:
    """Split a period into whole UTC days that cover it, none across a new year.

    Returns:
        Pairs of a first day and the day after the last.
    """
    start, end = (instant.astimezone(UTC) for instant in period)
    if end <= start:
        return []
    first, last = start.date(), (end - timedelta(microseconds=1)).date()
    bounds = [first, *(date(year, 1, 1) for year in range(first.year + 1, last.year + 1))]
    return list(zip(bounds, [*bounds[1:], last + timedelta(days=1)], strict=True))


def merge_periods(periods: Iterable[Period]) -> list[Period]:
    """Join periods less than two weeks apart: a request of its own costs as much as these days."""
    merged: list[Period] = []
    for start, end in sorted(periods):
        if merged and start - merged[-1][1] < _CHEAP:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
