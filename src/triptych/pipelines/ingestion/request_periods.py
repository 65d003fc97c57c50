"""Periods that are still to be requested. A period is half-open: start, exclusive end."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from triptych.pipelines.ingestion.call_budget import weight
from triptych.weather.variables import VARIABLES

Period = tuple[datetime, datetime]


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
    """Join periods where one request of all variables costs no more than two."""
    merged: list[Period] = []
    for start, end in sorted(periods):
        if merged:
            joined = (merged[-1][0], max(merged[-1][1], end))
            if _cost(joined) <= _cost(merged[-1]) + _cost((start, end)):
                merged[-1] = joined
                continue
        merged.append((start, end))
    return merged


def _cost(period: Period) -> float:
    return sum(weight(1, (end - first).days, len(VARIABLES)) for first, end in split_years(period))
