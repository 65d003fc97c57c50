"""The forecast of a day, from the rows to the answer."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from itertools import groupby
from typing import Any

from sqlalchemy import Connection

from api import queries
from api.absences import check_size, explain_absence
from api.schemas import Predictions

_FIRST_STEP = time(0, tzinfo=UTC)
_LAST_STEP = time(21, tzinfo=UTC)
_STEP_END = len(queries.STEP)
_FORECAST_END = _STEP_END + len(queries.FORECAST)

# A row of DAY_OF_LOCATION or DAY_OF_ALL: queries.STEP, queries.FORECAST, queries.MODEL.
DayRow = Sequence[Any]


def bind_period(start: date, end: date, location: str | None = None) -> dict[str, Any]:
    """Name the first and the last step of a period, for a statement."""
    return {
        "first_step": datetime.combine(start, _FIRST_STEP),
        "last_step": datetime.combine(end, _LAST_STEP),
        "location": location,
    }


def read_all(connection: Connection, day: date) -> Predictions:
    """Read the forecasts of a UTC day for every location.

    Raises:
        ProblemError: 404 if there is none, 422 if they are too many for one answer.
    """
    expected = check_size(connection, 1, None)
    rows = connection.execute(queries.DAY_OF_ALL, bind_period(day, day)).all()
    if not rows:
        raise explain_absence(connection, "date", day, day, None)
    return make_predictions(day, rows, expected)


def make_predictions(day: date, rows: Sequence[DayRow], expected: int) -> Predictions:
    """Make the answer of a day, whose values Pydantic checks.

    Args:
        day: the UTC day.
        rows: by location and time; times are datetimes, or ISO 8601 as SQLite holds them.
        expected: the number of steps asked for.
    """
    forecasts = [_describe(steps) for _, steps in groupby(rows, key=lambda row: row[0])]
    answer = {
        "date": day,
        "data": [dict(zip(queries.STEP, row, strict=False)) for row in rows],
        "count": len(rows),
        "expected": expected,
        "forecasts": forecasts,
    }
    return Predictions.model_validate(answer)


def _describe(steps: Iterable[DayRow]) -> dict[str, Any]:
    *_, last = steps
    forecast = dict(zip(queries.FORECAST, last[_STEP_END:_FORECAST_END], strict=True))
    return {
        "location": last[0],
        "issued_at": forecast.pop("as_of"),
        **forecast,
        "model": dict(zip(queries.MODEL, last[_FORECAST_END:], strict=True)),
    }
