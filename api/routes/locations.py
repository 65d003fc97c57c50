"""The places that there are."""

import logging
from http import HTTPStatus

from fastapi import APIRouter

from api.dependencies import DatabaseDep
from api.documentation import describe_problems
from api.reads import read_locations
from api.schemas import Locations
from api.strict import StrictRoute

logger = logging.getLogger(__name__)
router = APIRouter(route_class=StrictRoute, tags=["what there is"])


@router.get(
    "/locations",
    operation_id="list-locations",
    responses=describe_problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def list_locations(database: DatabaseDep) -> Locations:
    """List the locations, by slug."""
    answer = await database.run(read_locations)
    logger.info("%d locations", answer.count)
    return answer
