"""Whether the service lives, and whether it can answer."""

import logging
from http import HTTPStatus

from fastapi import APIRouter, Request

from api.dependencies import get_database, get_leave
from api.documentation import describe_problems
from api.refusals import report_unavailable
from api.schemas import Health
from api.strict import StrictRoute

logger = logging.getLogger(__name__)
router = APIRouter(route_class=StrictRoute, prefix="/health", tags=["service"])


@router.get(
    "/live",
    operation_id="get-health-live",
    responses=describe_problems(HTTPStatus.UNPROCESSABLE_ENTITY),
)
async def get_live() -> Health:
    """Answer as long as the process runs, whatever the state of the database."""
    logger.debug("live")
    return Health()


@router.get(
    "/ready",
    operation_id="get-health-ready",
    responses=describe_problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def get_ready(request: Request) -> Health:
    """Answer only if the database answers, with the schema of this version, and no end is near."""
    if get_leave(request).begun:
        raise report_unavailable("stopping", "The service is about to stop. Ask another one.")
    await get_database(request).check()
    logger.debug("ready")
    return Health()
