"""The forecasts of a period beside what was observed, from the rows to the answer."""

import math
from datetime import date, timedelta
from statistics import fmean
from typing import Any

from sqlalchemy import Connection, Row

from api import queries
from api.absences import check_size, explain_absence
from api.days import bind_period
from api.schemas import ModelSummary, ObservedPredictions, ObservedStep, Scores


def read_period(
    connection: Connection, start: date, end: date, location: str | None
) -> ObservedPredictions:
    """Read the forecast of each day of a period beside what was observed.

    Raises:
        ProblemError: 404 if there is none, 422 if they are too many for one answer.
    """
    days = (end - start).days + 1
    expected = check_size(connection, days, location)
    asked = bind_period(start, end, location)
    last_steps = [asked["last_step"] - timedelta(days=n) for n in range(days)]
    query = queries.OBSERVED[location is not None]
    rows = connection.execute(query, {**asked, "last_steps": last_steps}).all()
    if not rows:
        raise explain_absence(connection, "start", start, end, location)
    data = [_make_step(row) for row in rows]
    return ObservedPredictions(
        start=start,
        end=end,
        data=data,
        count=len(data),
        expected=expected,
        scores=_score([step.error for step in data if step.error is not None]),
        models=_read_models(connection, {step.model_id for step in data}),
    )


def _read_models(connection: Connection, model_ids: set[str]) -> list[ModelSummary]:
    rows = connection.execute(queries.MODELS_BY_ID, {"model_ids": sorted(model_ids)})
    return [ModelSummary.model_validate(row._mapping) for row in rows]


def _make_step(row: Row[Any]) -> ObservedStep:
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


def _score(errors: list[float]) -> Scores:
    if not errors:
        return Scores(count=0, mae=None, rmse=None, bias=None)
    return Scores(
        count=len(errors),
        mae=fmean(map(abs, errors)),
        rmse=math.sqrt(fmean(error * error for error in errors)),
        bias=fmean(errors),
    )
