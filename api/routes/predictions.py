"""The stored predictions, alone or beside what was observed."""

from fastapi import APIRouter, Request

from api.answers import Answer, make_answer
from api.days import AskedDay, read_day
from api.dependencies import get_database
from api.documentation import describe_list
from api.kept import KeptRoute
from api.local import find_zone_of
from api.paging import DEFAULT_ROWS, Limit, StepCursor, read_page
from api.parameters import Day, End, Place, Start, Zone, check_period
from api.periods import read_period
from api.schemas import ObservedPredictions, Predictions

router = APIRouter(
    route_class=KeptRoute,
    prefix="/predictions",
    tags=["predictions"],
    responses=describe_list(may_be_absent=True),
)


@router.get("", operation_id="get-predictions", response_model=Predictions)
def get_predictions(
    request: Request,
    date: Day,
    location: Place = None,
    tz: Zone = "utc",
    limit: Limit = DEFAULT_ROWS,
    cursor: StepCursor = None,
) -> Answer:
    """Answer the 3-hour steps of a day, and which forecast they come from.

    It was issued at or before the start of the day and covers the whole day. The version in
    production answers if it forecast the day, else one in staging, a candidate, an archived one;
    of the forecasts of a stage the latest, then that of the newest model. A day is UTC's and has
    eight steps; with `tz=local` it is the location's own and has those that start within it.
    """
    database = get_database(request)
    zone = find_zone_of(database, location, tz)
    page = read_page(limit, cursor)
    found, more = read_day(database, AskedDay(date, zone, location, page))
    note = f"{found.count} steps of {date}, location {location or 'all'}"
    return make_answer(request, found, more, note)


@router.get(
    "/observed", operation_id="get-predictions-observed", response_model=ObservedPredictions
)
def get_observed(
    request: Request,
    start: Start,
    end: End,
    location: Place = None,
    tz: Zone = "utc",
    limit: Limit = DEFAULT_ROWS,
    cursor: StepCursor = None,
) -> Answer:
    """Answer the forecasts of a period beside the observations, and the errors.

    Each day has the forecast that `/predictions` answers for it. An error is prediction minus
    observed; MAE, RMSE and bias are those of the steps in `data` whose observation is known: of
    the whole period, if it fits one page. `by_data_age` tells forecasts from fresh data apart from
    those from old data.
    """
    check_period(start, end)
    database = get_database(request)
    zone = find_zone_of(database, location, tz)
    page = read_page(limit, cursor)
    found, more = database.run(
        lambda connection: read_period(connection, start, end, zone, location, page)
    )
    place, observed = location or "all", found.scores.count
    note = f"{found.count} steps of {start} to {end}, location {place}, {observed} observed"
    return make_answer(request, found, more, note)
