"""The forecast of a day, from the rows to the answer."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, tzinfo
from itertools import groupby
from typing import Any, NamedTuple

from api import queries
from api.absences import explain_absence
from api.database import Database
from api.listings import LOCATION_COUNT
from api.pages import read_of_all, read_of_one
from api.paging import Page
from api.schemas import Predictions, Step
from api.zones import HOUR, Steps, bind_day, find_steps

_STEP_END = len(queries.STEP)
_FORECAST_END = _STEP_END + len(queries.FORECAST)

# A row of DAY_OF_LOCATION or DAY_OF_ALL: queries.STEP, queries.FORECAST, queries.MODEL.
DayRow = Sequence[Any]


class AskedDay(NamedTuple):
    """What forecasts are asked for."""

    day: date
    zone: tzinfo
    location: str | None  # None: of every location
    page: Page


def read_day(database: Database, asked: AskedDay) -> tuple[Predictions, object | None]:
    """Read the forecasts of a day, and the cursor of the next page.

    Raises:
        ProblemError: 404 if there is none.
    """
    steps = find_steps(asked.day, asked.zone)
    rows, more = _read_rows(database, asked, steps) if steps else ([], None)
    if not rows and asked.page.is_first:
        day, zone, place = asked.day, asked.zone, asked.location
        raise database.run(lambda c: explain_absence(c, "date", day, day, zone, place))
    places = 1
    if asked.location is None:
        places = database.fetch(LOCATION_COUNT, {})[0][0]
    expected = places * (steps.number if steps else 0)
    return make_predictions(asked.day, rows, expected, str(asked.zone)), more


def _read_rows(
    database: Database, asked: AskedDay, steps: Steps
) -> tuple[Sequence[DayRow], object | None]:
    place, page, values = asked.location, asked.page, bind_day(steps, asked.location)
    if place is None:
        return database.run(lambda c: read_of_all(c, queries.DAY_OF_ALL, values, page, 1))
    if page.is_first and page.limit >= steps.number:
        return database.fetch(queries.DAY_OF_LOCATION, values), None
    values |= {"first_place": place, "last_place": place}
    return database.run(lambda c: read_of_one(c, queries.DAY_OF_ALL, values, page))


def make_predictions(
    day: date, rows: Sequence[DayRow], expected: int, timezone: str = "UTC"
) -> Predictions:
    """Make the answer of a day, whose values Pydantic checks.

    Args:
        day: the day, of that zone.
        rows: by location and time; times are datetimes, or ISO 8601 as SQLite holds them.
        expected: the number of steps asked for.
        timezone: name of the zone.
    """
    forecasts = [_describe(steps) for _, steps in groupby(rows, key=lambda row: row[0])]
    answer = {
        "date": day,
        "timezone": timezone,
        "data": [Step.model_validate(dict(zip(queries.STEP, row, strict=False))) for row in rows],
        "count": len(rows),
        "expected": expected,
        "forecasts": forecasts,
    }
    return Predictions.model_validate(answer)


def _describe(steps: Iterable[DayRow]) -> dict[str, Any]:
    *_, last = steps
    forecast = dict(zip(queries.FORECAST, last[_STEP_END:_FORECAST_END], strict=True))
    issued_at, known_until = (_instant(forecast[name]) for name in ("as_of", "known_until"))
    del forecast["as_of"]
    return {
        "location": last[0],
        "issued_at": issued_at,
        "data_age": (issued_at - known_until) // HOUR,
        **forecast,
        "model": dict(zip(queries.MODEL, last[_FORECAST_END:], strict=True)),
    }


def _instant(value: datetime | str) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value
