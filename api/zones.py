"""The 3-hour steps of a day, in UTC or in the zone of a location."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from api.queries import STEPS_A_DAY

HOUR = timedelta(hours=1)
_STEP = timedelta(hours=3)
_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Steps(NamedTuple):
    """The steps that start within a day: each step belongs to exactly one day of a zone."""

    first: datetime
    last: datetime
    number: int  # 8; 7 to 9 where a day has 23 or 25 hours


def find_zone(name: str) -> tzinfo | None:
    """Find a zone by its IANA name; None if nobody knows it.

    The name is a path in the zone files: `Europe` is a folder, `Europe/Paris/x` none, which are
    OSErrors.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def find_steps(day: date, zone: tzinfo) -> Steps | None:
    """Find the steps that start within a day of a zone.

    None if there are none: some zones skipped a day once, and calendars end.
    """
    try:
        first = _next_step(_start(day, zone))
        last = _next_step(_start(day + _DAY, zone)) - _STEP
    except OverflowError:
        return _last_of_all(day, zone)
    return Steps(first, last, (last - first) // _STEP + 1) if first <= last else None


def find_steps_of_days(start: date, end: date, zone: tzinfo) -> list[Steps]:
    """Find the steps of each day from start to end, the days without any left out."""
    days = map(date.fromordinal, range(start.toordinal(), end.toordinal() + 1))
    return [steps for day in days if (steps := find_steps(day, zone))]


def bind_day(steps: Steps, location: str | None) -> dict[str, Any]:
    """Name the steps of a day, for a statement of `api.queries`."""
    return {
        "last_step": steps.last,
        "steps": steps.number,
        "location": location,
    }


def bind_days(days: list[Steps], location: str | None) -> dict[str, Any]:
    """Name the steps of a period, for a statement of `api.queries`."""
    return {
        "last_step": days[-1].last,
        "last_steps": [steps.last for steps in days],
        "last_of_short": [steps.last for steps in days if steps.number < STEPS_A_DAY],
        "last_of_long": [steps.last for steps in days if steps.number > STEPS_A_DAY],
        "location": location,
    }


def _start(day: date, zone: tzinfo) -> datetime:
    # where clocks skip midnight, this is the instant at which they do so
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _next_step(instant: datetime) -> datetime:
    return instant + (_EPOCH - instant) % _STEP


def _last_of_all(day: date, zone: tzinfo) -> Steps | None:
    """The last day of the calendar has no next one to end it; in UTC it is whole all the same."""
    if zone is not UTC:
        return None
    first = datetime.combine(day, time(), UTC)
    return Steps(first, first + (STEPS_A_DAY - 1) * _STEP, STEPS_A_DAY)
