"""The stored predictions, alone or beside what was observed."""

import logging
from http import HTTPStatus

from fastapi import APIRouter, Request

from api.absences import explain_absence
from api.days import bind_period, make_predictions, read_all
from api.dependencies import get_database
from api.documentation import describe_problems
from api.parameters import Day, End, Place, Start, check_period
from api.periods import read_period
from api.queries import DAY_OF_LOCATION, STEPS_A_DAY
from api.schemas import ObservedPredictions, Predictions
from api.strict import StrictRoute

logger = logging.getLogger(__name__)
router = APIRouter(
    route_class=StrictRoute,
    prefix="/predictions",
    tags=["predictions"],
    responses=describe_problems(
        HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)


@router.get("", operation_id="get-predictions")
async def get_predictions(request: Request, date: Day, location: Place = None) -> Predictions:
    """Answer the eight 3-hour steps of a UTC day, and which forecast they come from.

    It was issued at or before the day's 00:00 UTC and covers the whole day. The version in
    production answers if it forecast the day, else one in staging, a candidate, an archived one;
    of the forecasts of a stage the latest, then that of the newest model.
    """
    database = get_database(request)
    if location is None:
        answer = await database.run(lambda connection: read_all(connection, date))
    else:
        rows = await database.fetch(DAY_OF_LOCATION, bind_period(date, date, location))
        if not rows:
            raise await database.run(lambda c: explain_absence(c, "date", date, date, location))
        answer = make_predictions(date, rows, STEPS_A_DAY)
    logger.info("%d steps of %s, location %s", answer.count, date, location or "all")
    return answer


@router.get("/observed", operation_id="get-predictions-observed")
async def get_observed(
    request: Request, start: Start, end: End, location: Place = None
) -> ObservedPredictions:
    """Answer the forecasts of a period beside the observations, and the errors.

    Each day has the forecast that `/predictions` answers for it. An error is prediction minus
    observed; MAE, RMSE and bias are those of the steps whose observation is known.
    """
    check_period(start, end)
    answer = await get_database(request).run(
        lambda connection: read_period(connection, start, end, location)
    )
    logger.info(
        "%d steps of %s to %s, location %s, %d observed",
        answer.count,
        start,
        end,
        location or "all",
        answer.scores.count,
    )
    return answer
