"""Stored temperature predictions, alone or with observations."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, tzinfo
from itertools import groupby
from operator import attrgetter
from statistics import fmean
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection, Row

from api import queries, schemas
from api.cache import CachedRoute
from api.local_days import list_local_days, resolve_timezone
from api.not_found import no_prediction_error, unknown_name_error
from api.params import DayParams, ForecastParams, PeriodParams, ScoreParams
from api.problems import InvalidParam, invalid_params_error
from api.responses import DOCUMENTED, CachedResponse, render

_AGE_AND_METHOD = attrgetter("data_age", "method")
router = APIRouter(route_class=CachedRoute, tags=["predictions"], responses=DOCUMENTED)


@router.get("/predictions", operation_id="get-predictions", response_model=schemas.Predictions)
def get_predictions(request: Request, params: Annotated[DayParams, Query()]) -> CachedResponse:
    """Return the 3-hour steps of a day, and the forecasts that they belong to.

    The forecast was issued by the start of the day and covers the whole day: that of the production
    version, else in staging, of a candidate, archived; within a stage the latest, then that of the
    newest model. Days are UTC; with `tz=local` they have the steps that start within the local day.
    """
    with request.app.state.database.read() as connection:
        rows, cursor, common = _read_period(connection, params, params.date, params.date)
    firsts = [next(group)._mapping for _, group in groupby(rows, key=lambda row: row.location)]
    page = schemas.Predictions(
        data=[schemas.Step.model_validate(row._mapping) for row in rows],
        forecasts=[schemas.Forecast.model_validate({**row, "model": row}) for row in firsts],
        **common,
    )
    summary = f"{page.count} steps of {params.date}, location {params.location or 'all'}"
    return render(request, page, cursor, summary)


@router.get(
    "/predictions/observed",
    operation_id="get-predictions-observed",
    response_model=schemas.ObservedPredictions,
)
def get_observed(request: Request, params: Annotated[PeriodParams, Query()]) -> CachedResponse:
    """Return the forecasts of a period with the observations, and the errors.

    Each day has the forecast of `/predictions`. An error is prediction minus observed; `scores` are
    those of the steps in `data`; `by_data_age` separates forecasts from fresh and from old data.
    """
    with request.app.state.database.read() as connection:
        rows, cursor, common = _read_period(connection, params, params.start, params.end)
    by_rank = sorted(rows, key=lambda row: row.model_rank)
    models = {row.model_id: schemas.ModelSummary.model_validate(row._mapping) for row in by_rank}
    data = [schemas.ObservedStep.model_validate(row._mapping) for row in rows]
    page = schemas.ObservedPredictions(
        data=data, scores=_score(data), models=list(models.values()), **common
    )
    summary = f"{page.count} steps of {params.start} to {params.end}, {params.location or 'all'}"
    return render(request, page, cursor, f"{summary}, {page.scores.count} observed")


@router.get("/scores", operation_id="get-scores", response_model=schemas.Page[schemas.LeadScores])
def get_scores(request: Request, params: Annotated[ScoreParams, Query()]) -> CachedResponse:
    """Return errors, skill and interval coverage of a location's forecasts by lead and data age.

    They are those of the last run of the pipeline `monitoring`, in windows of observed days.
    """
    with request.app.state.database.read() as connection:
        rows = queries.read_scores(connection, params)
        if not rows and params.cursor is None:
            known, having = queries.list_scored(connection, params), " with scores of such models"
            raise unknown_name_error("location", params.location, known, "no-scores", having)
    data = [schemas.LeadScores.model_validate(row._mapping) for row in rows[: params.limit]]
    cursors = [f"{row.model_id}.{row.window}.{row.data_age}.{row.lead}" for row in data[-1:]]
    page = schemas.Page[schemas.LeadScores](data=data, count=len(data))
    cursor = cursors[0] if len(rows) > params.limit else None
    return render(request, page, cursor, f"{page.count} scores of {params.location}")


def _read_period(
    connection: Connection, params: ForecastParams, start: date, end: date
) -> tuple[list[Row[Any]], queries.StepKey | None, dict[str, Any]]:
    """Return the steps of a period, the cursor of the next page and the fields of both lists."""
    zone = _find_zone(connection, params)
    if days := list_local_days(start, end, zone):
        rows, cursor = queries.read_steps(connection, days, params)
    if not days or (not rows and params.cursor is None):
        raise no_prediction_error(connection, params, (start, end), zone)
    places = queries.count_locations(connection) if params.location is None else 1
    expected = places * sum(day.steps for day in days)
    common = {"timezone": str(zone), "count": len(rows), "expected": expected}
    return rows, cursor, common | {"date": start, "start": start, "end": end}


def _find_zone(connection: Connection, params: ForecastParams) -> tzinfo:
    if params.tz == "utc" or params.location is None:
        return UTC
    name = queries.find_zone(connection, params.location)
    if name is None:
        slugs = queries.list_slugs(connection)
        raise unknown_name_error("location", params.location, slugs, "unknown-location")
    if zone := resolve_timezone(name):
        return zone
    rule = f"utc: the time zone {name!r} of {params.location} is unknown here"
    raise invalid_params_error(InvalidParam(parameter="tz", found="local", allowed=rule))


def _score(steps: Sequence[schemas.ObservedStep]) -> schemas.PeriodScores:
    known = sorted((step for step in steps if step.error is not None), key=_AGE_AND_METHOD)
    groups = [
        schemas.DataAgeScores(data_age=age, method=method, **_summarize(group))
        for (age, method), group in groupby(known, key=_AGE_AND_METHOD)
    ]
    return schemas.PeriodScores(**_summarize(known), by_data_age=groups)


def _summarize(steps: Iterable[schemas.ObservedStep]) -> dict[str, Any]:
    errors = [step.error for step in steps if step.error is not None]
    if not errors:
        return {"count": 0, "mae": None, "rmse": None, "bias": None}
    mae, squares = fmean(map(abs, errors)), (error * error for error in errors)
    return {"count": len(errors), "mae": mae, "rmse": fmean(squares) ** 0.5, "bias": fmean(errors)}
