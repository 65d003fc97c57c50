"""The figures for Prometheus."""

import logging

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from api.dependencies import get_metrics
from api.strict import StrictRoute

logger = logging.getLogger(__name__)
router = APIRouter(route_class=StrictRoute)


@router.get("/metrics", include_in_schema=False)
async def get_metrics_text(request: Request) -> Response:
    """Answer requests, times and memory in Prometheus' text format."""
    body = get_metrics(request).write()
    logger.debug("metrics, %d bytes", len(body))
    return Response(body, media_type=CONTENT_TYPE_LATEST)
