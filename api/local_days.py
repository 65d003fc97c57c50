"""The 3-hour steps of a day, in UTC or in the time zone of a location."""

from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

STEPS_PER_DAY = 8
_STEP = timedelta(hours=3)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LocalDay(NamedTuple):
    """The steps that start within a day: each step belongs to exactly one day of a time zone."""

    day: date
    first: datetime
    last: datetime
    steps: int  # 8; 7 to 9 where a day has 23 or 25 hours


def resolve_timezone(name: str) -> tzinfo | None:
    """Return a time zone by its IANA name; None if it is unknown."""
    with suppress(ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder
        return ZoneInfo(name)
    return None


def list_local_days(start: date, end: date, zone: tzinfo) -> list[LocalDay]:
    """Return the steps of each day; some have none, at the ends of the calendar for example."""
    days = []
    for day in map(date.fromordinal, range(start.toordinal(), end.toordinal() + 1)):
        with suppress(OverflowError):
            first = _first_step(day, zone)
            last = _first_step(day + timedelta(days=1), zone) - _STEP
            days.append(LocalDay(day, first, last, (last - first) // _STEP + 1))
    return [each for each in days if each.steps > 0]


def _first_step(day: date, zone: tzinfo) -> datetime:
    # where clocks skip midnight, this is the instant at which they do so
    midnight = datetime.combine(day, time(), zone).astimezone(UTC)
    return midnight + (EPOCH - midnight) % _STEP
