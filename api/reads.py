"""From a connection to an answer: the routes without HTTP."""

import math
from datetime import UTC, date, datetime, time, timedelta
from statistics import fmean
from typing import Any

from sqlalchemy import Connection, Row

from api import queries
from api.absences import explain_absence, refuse_size
from api.schemas import (
    Forecast,
    Location,
    Locations,
    Model,
    Models,
    ModelSummary,
    ObservedPredictions,
    ObservedStep,
    Predictions,
    Scores,
    Step,
)

MAX_STEPS = 10_000
_FIRST_STEP = time(0, tzinfo=UTC)
_LAST_STEP = time(21, tzinfo=UTC)


def read_locations(connection: Connection) -> Locations:
    """Read every location, by slug."""
    rows = connection.execute(queries.ALL_LOCATIONS)
    data = [Location.model_validate(row._mapping) for row in rows]
    return Locations(data=data, count=len(data))


def read_models(connection: Connection) -> Models:
    """Read every model: production first, then the newest."""
    data = [Model.model_validate(row._mapping) for row in connection.execute(queries.ALL_MODELS)]
    return Models(data=data, count=len(data))


def read_day(connection: Connection, day: date, location: str | None) -> Predictions:
    """Read the forecast of a UTC day, for one location or all.

    Raises:
        ProblemError: 404 if there is none, 422 if it is too much for one answer.
    """
    expected = _count_expected(connection, 1, location)
    asked = _bind(day, day, location)
    forecasts = connection.execute(queries.FORECAST if location else queries.FORECASTS, asked).all()
    if not forecasts:
        raise explain_absence(connection, day, day, location)
    if location:
        asked |= {"model_id": forecasts[0].model_id, "as_of": forecasts[0].as_of}
    steps = connection.execute(queries.STEPS_OF_FORECAST if location else queries.STEPS, asked)
    data = [_make_step(row) for row in steps]
    return Predictions(
        date=day,
        data=data,
        count=len(data),
        expected=expected,
        forecasts=[_make_forecast(row) for row in forecasts],
    )


def read_period(
    connection: Connection, start: date, end: date, location: str | None
) -> ObservedPredictions:
    """Read the day-ahead forecasts of a period beside what was observed.

    Raises:
        ProblemError: 404 if there is none, 422 if it is too much for one answer.
    """
    days = (end - start).days + 1
    expected = _count_expected(connection, days, location)
    last_steps = [datetime.combine(start + timedelta(days=n), _LAST_STEP) for n in range(days)]
    asked = {**_bind(start, end, location), "last_steps": last_steps}
    rows = connection.execute(queries.OBSERVED_STEPS[location is not None], asked).all()
    if not rows:
        raise explain_absence(connection, start, end, location)
    data = [_make_observed_step(row) for row in rows]
    used = {"model_ids": sorted({step.model_id for step in data})}
    return ObservedPredictions(
        start=start,
        end=end,
        data=data,
        count=len(data),
        expected=expected,
        scores=_score([step.error for step in data if step.error is not None]),
        models=[_make_model(row) for row in connection.execute(queries.MODELS_BY_ID, used)],
    )


def _bind(start: date, end: date, location: str | None) -> dict[str, Any]:
    return {
        "first_step": datetime.combine(start, _FIRST_STEP),
        "last_step": datetime.combine(end, _LAST_STEP),
        "location": location,
    }


def _count_expected(connection: Connection, days: int, location: str | None) -> int:
    places = 1 if location else connection.scalar(queries.LOCATION_COUNT) or 0
    expected = days * places * queries.STEPS_A_DAY
    if expected > MAX_STEPS:
        raise refuse_size(days, places, expected, MAX_STEPS)
    return expected


def _make_step(row: Row[Any]) -> Step:
    location, time, lead, temperature_2m, lower, upper = row._tuple()
    return Step(
        location=location,
        time=time,
        lead=lead,
        temperature_2m=temperature_2m,
        lower=lower,
        upper=upper,
    )


def _make_observed_step(row: Row[Any]) -> ObservedStep:
    return ObservedStep(
        location=row.location,
        time=row.time,
        lead=row.lead,
        temperature_2m=row.temperature_2m,
        lower=row.lower,
        upper=row.upper,
        issued_at=row.as_of,
        model_id=row.model_id,
        observed=row.observed,
        error=None if row.observed is None else row.temperature_2m - row.observed,
    )


def _make_forecast(row: Row[Any]) -> Forecast:
    return Forecast(
        location=row.location,
        issued_at=row.as_of,
        known_until=row.known_until,
        created_at=row.created_at,
        level=row.level,
        model=_make_model(row),
    )


def _make_model(row: Row[Any]) -> ModelSummary:
    return ModelSummary(
        model_id=row.model_id,
        name=row.name,
        version=row.version,
        algorithm=row.algorithm,
        stage=row.stage,
        train_start=row.train_start,
        train_end=row.train_end,
    )


def _score(errors: list[float]) -> Scores:
    if not errors:
        return Scores(count=0, mae=None, rmse=None, bias=None)
    return Scores(
        count=len(errors),
        mae=fmean(map(abs, errors)),
        rmse=math.sqrt(fmean(error * error for error in errors)),
        bias=fmean(errors),
    )
