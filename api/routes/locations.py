"""The places that there are."""

import logging
from http import HTTPStatus

from fastapi import APIRouter, Request
from sqlalchemy import Connection

from api.dependencies import get_database
from api.documentation import describe_problems
from api.queries import ALL_LOCATIONS
from api.schemas import Location, Locations
from api.strict import StrictRoute

logger = logging.getLogger(__name__)
router = APIRouter(route_class=StrictRoute, tags=["what there is"])


@router.get(
    "/locations",
    operation_id="list-locations",
    responses=describe_problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def list_locations(request: Request) -> Locations:
    """List the locations, by slug."""
    answer = await get_database(request).run(_read)
    logger.info("%d locations", answer.count)
    return answer


def _read(connection: Connection) -> Locations:
    data = [Location.model_validate(row._mapping) for row in connection.execute(ALL_LOCATIONS)]
    return Locations(data=data, count=len(data))
