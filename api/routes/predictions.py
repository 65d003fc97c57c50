"""Stored temperature predictions, alone or with observations."""

import math
from collections.abc import Sequence
from datetime import UTC, date, tzinfo
from itertools import groupby
from statistics import fmean
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection, Row

from api import queries, schemas
from api.cache import CachedRoute
from api.local_days import list_local_days, resolve_timezone
from api.not_found import no_prediction_error, unknown_location_error
from api.pagination import StepKey
from api.params import DayParams, ForecastParams, PeriodParams
from api.problems import InvalidParam, invalid_params_error
from api.responses import CachedResponse, Found, document_list, respond

router = APIRouter(
    prefix="/predictions",
    route_class=CachedRoute,
    tags=["predictions"],
    responses=document_list(404),
)


@router.get("", operation_id="get-predictions", response_model=schemas.Predictions)
def get_predictions(request: Request, params: Annotated[DayParams, Query()]) -> CachedResponse:
    """Return the 3-hour steps of a day, and the forecasts that they belong to.

    The forecast was issued at or before the start of the day and covers the whole day. The
    production version answers if it forecast the day, else one in staging, a candidate, an archived
    one; among forecasts of a stage the latest, then that of the newest model. A day is a UTC day
    with eight steps; with `tz=local` it is the location's, with the steps that start within it.
    """

    def read(connection: Connection) -> Found:
        found = _read_period(connection, params, params.date, params.date)
        page = schemas.Predictions(
            date=params.date,
            data=[schemas.Step.model_validate(row._mapping) for row in found.rows],
            forecasts=[
                schemas.Forecast.model_validate(
                    {**row._mapping, "model": found.models[row.model_id]}
                )
                for row in _first_of_each_location(found.rows)
            ],
            **found.envelope,
        )
        return Found(page, found.cursor, f"{page.count} steps of {params.date}, {found.place}")

    return respond(request, read)


@router.get(
    "/observed",
    operation_id="get-predictions-observed",
    response_model=schemas.ObservedPredictions,
)
def get_observed(request: Request, params: Annotated[PeriodParams, Query()]) -> CachedResponse:
    """Return the forecasts of a period with the observations, and the errors.

    Each day has the forecast that `/predictions` returns for it. An error is prediction minus
    observed; MAE, RMSE and bias are those of the steps in `data` that have an observation: of the
    whole period if it fits one page. `by_data_age` separates forecasts from fresh and old data.
    """

    def read(connection: Connection) -> Found:
        found = _read_period(connection, params, params.start, params.end)
        data = [schemas.ObservedStep.model_validate(row._mapping) for row in found.rows]
        page = schemas.ObservedPredictions(
            start=params.start,
            end=params.end,
            data=data,
            scores=_score(data),
            models=list(found.models.values()),
            **found.envelope,
        )
        summary = f"{page.count} steps of {params.start} to {params.end}, {found.place}"
        return Found(page, found.cursor, f"{summary}, {page.scores.count} observed")

    return respond(request, read)


class _Period(NamedTuple):
    rows: list[Row[Any]]
    cursor: StepKey | None
    models: dict[str, schemas.ModelSummary]
    envelope: dict[str, Any]  # fields that both pages have
    place: str


def _read_period(connection: Connection, params: ForecastParams, start: date, end: date) -> _Period:
    """Read the steps of a period and their models, or raise a ProblemError if there are none."""
    zone, place = _find_zone(connection, params), params.location
    days, after = list_local_days(start, end, zone), StepKey.parse(params.cursor)
    if days:
        rows, cursor = queries.read_steps(connection, days, place, after, params.limit)
    if not days or (not rows and params.cursor is None):
        raise no_prediction_error(connection, params, (start, end), zone)
    models = queries.read_models(connection, (row.model_id for row in rows))
    places = queries.count_locations(connection) if place is None else 1
    expected = places * sum(day.steps for day in days)
    return _Period(
        rows,
        cursor,
        {row.model_id: schemas.ModelSummary.model_validate(row._mapping) for row in models},
        {"timezone": str(zone), "count": len(rows), "expected": expected},
        f"location {place or 'all'}",
    )


def _find_zone(connection: Connection, params: ForecastParams) -> tzinfo:
    if params.tz == "utc" or params.location is None:
        return UTC
    name = queries.find_zone(connection, params.location)
    if name is None:
        raise unknown_location_error(connection, params.location)
    zone = resolve_timezone(name)
    if zone is None:
        rule = f"utc: the time zone {name!r} of {params.location} is unknown here"
        raise invalid_params_error(InvalidParam(parameter="tz", found="local", allowed=rule))
    return zone


def _first_of_each_location(rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    return [next(group) for _, group in groupby(rows, key=lambda row: row.location)]


def _score(steps: Sequence[schemas.ObservedStep]) -> schemas.PeriodScores:
    errors: dict[tuple[int, str], list[float]] = {}
    for step in steps:
        if step.error is not None:
            errors.setdefault((step.data_age, step.method), []).append(step.error)
    groups = [
        schemas.DataAgeScores(data_age=age, method=method, **_summarize(values))
        for (age, method), values in sorted(errors.items())
    ]
    total = _summarize([error for values in errors.values() for error in values])
    return schemas.PeriodScores(**total, by_data_age=groups)


def _summarize(errors: Sequence[float]) -> dict[str, Any]:
    if not errors:
        return {"count": 0, "mae": None, "rmse": None, "bias": None}
    squares = fmean(error * error for error in errors)
    mae, bias = fmean(map(abs, errors)), fmean(errors)
    return {"count": len(errors), "mae": mae, "rmse": math.sqrt(squares), "bias": bias}
