"""The forecasts of a period beside what was observed, from the rows to the answer."""

import math
from datetime import date, tzinfo
from statistics import fmean
from typing import Any

from sqlalchemy import Connection, Row

from api import queries
from api.absences import explain_absence
from api.listings import LOCATION_COUNT, MODELS_BY_ID
from api.pages import read_of_all, read_of_one
from api.paging import Page, StepKey
from api.schemas import (
    DataAgeScores,
    ModelSummary,
    ObservedPredictions,
    ObservedStep,
    Scores,
)
from api.zones import HOUR, Steps, bind_days, find_steps_of_days


def read_period(
    connection: Connection,
    start: date,
    end: date,
    zone: tzinfo,
    location: str | None,
    page: Page,
) -> tuple[ObservedPredictions, object | None]:
    """Read the forecast of each day of a period beside what was observed.

    Gives the steps of the page, and the cursor of the next one.

    Raises:
        ProblemError: 404 if there is none.
    """
    days = find_steps_of_days(start, end, zone)
    rows, more = _read_rows(connection, days, location, page) if days else ([], None)
    if not rows and page.is_first:
        raise explain_absence(connection, "start", start, end, zone, location)
    data = [_make_step(row) for row in rows]
    places = 1 if location else connection.scalar(LOCATION_COUNT) or 0
    answer = ObservedPredictions(
        start=start,
        end=end,
        timezone=str(zone),
        data=data,
        count=len(data),
        expected=places * sum(steps.number for steps in days),
        scores=_score(data),
        models=_read_models(connection, {step.model_id for step in data}),
    )
    return answer, more


def _read_rows(
    connection: Connection, days: list[Steps], location: str | None, page: Page
) -> tuple[list[Row[Any]], StepKey | None]:
    query, asked = queries.OBSERVED[location is not None], bind_days(days, location)
    if location is not None:
        return read_of_one(connection, query, asked, page)
    return read_of_all(connection, query, asked, page, len(days))


def _read_models(connection: Connection, model_ids: set[str]) -> list[ModelSummary]:
    rows = connection.execute(MODELS_BY_ID, {"model_ids": sorted(model_ids)})
    return [ModelSummary.model_validate(row._mapping) for row in rows]


def _make_step(row: Row[Any]) -> ObservedStep:
    return ObservedStep(
        **{name: getattr(row, name) for name in queries.STEP},
        issued_at=row.as_of,
        data_age=(row.as_of - row.known_until) // HOUR,
        model_id=row.model_id,
        observed=row.observed,
        error=None if row.observed is None else row.temperature_2m - row.observed,
    )


def _score(steps: list[ObservedStep]) -> Scores:
    errors: dict[tuple[int, str], list[float]] = {}
    for step in steps:
        if step.error is not None:
            errors.setdefault((step.data_age, step.method), []).append(step.error)
    grouped = [
        DataAgeScores(data_age=age, method=method, **_means(values))
        for (age, method), values in sorted(errors.items())
    ]
    every = [error for values in errors.values() for error in values]
    total = _means(every) if every else {"count": 0, "mae": None, "rmse": None, "bias": None}
    return Scores(**total, by_data_age=grouped)


def _means(errors: list[float]) -> dict[str, Any]:
    return {
        "count": len(errors),
        "mae": fmean(map(abs, errors)),
        "rmse": math.sqrt(fmean(error * error for error in errors)),
        "bias": fmean(errors),
    }
