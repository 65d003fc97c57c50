"""The places that there are."""

from fastapi import APIRouter, Request
from sqlalchemy import Connection

from api.answers import Answer, make_answer
from api.dependencies import get_database
from api.documentation import describe_list
from api.kept import KeptRoute
from api.listings import LOCATIONS_BEHIND
from api.paging import DEFAULT_ROWS, Limit, LocationCursor
from api.schemas import Location, Locations

router = APIRouter(route_class=KeptRoute, tags=["what there is"], responses=describe_list())


@router.get("/locations", operation_id="list-locations", response_model=Locations)
def list_locations(
    request: Request, limit: Limit = DEFAULT_ROWS, cursor: LocationCursor = None
) -> Answer:
    """List the locations, by slug."""
    found = get_database(request).run(lambda c: _read(c, limit + 1, cursor or ""))
    data, more = found[:limit], found[limit:]
    answer = Locations(data=data, count=len(data))
    last = data[-1].location if more else None
    return make_answer(request, answer, last, f"{answer.count} locations")


def _read(connection: Connection, rows: int, after: str) -> list[Location]:
    found = connection.execute(LOCATIONS_BEHIND, {"rows": rows, "after": after})
    return [Location.model_validate(row._mapping) for row in found]
