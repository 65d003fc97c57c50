"""Which periods a source still has to be asked for. A period is half-open: start, exclusive end."""

from collections.abc import Iterable
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


def settled_until(
    known_until: datetime, asked_until: datetime, now: datetime, lag: timedelta
) -> datetime:
    """Tell up to when an answer is final, so that its hours need not be asked for again.

    Up to `known_until` the source had data. Beyond it, nothing older than `lag` will come any more
    (ERA5 is five to six days late): such hours are missing for good. Younger ones may still come.
    """
    return max(known_until, min(asked_until, now - lag))
