"""Which version of the software answers."""

import logging
from http import HTTPStatus

from fastapi import APIRouter, Request

from api.dependencies import get_settings
from api.documentation import describe_problems
from api.schemas import Version
from api.strict import StrictRoute

logger = logging.getLogger(__name__)
router = APIRouter(route_class=StrictRoute, tags=["service"])


@router.get(
    "/version",
    operation_id="get-version",
    responses=describe_problems(HTTPStatus.UNPROCESSABLE_ENTITY),
)
async def get_version(request: Request) -> Version:
    """Answer the version of the software: 0.0.0 locally, the commit id in an image built by CI."""
    version = get_settings(request).version
    logger.info("version %s", version)
    return Version(version=version)
