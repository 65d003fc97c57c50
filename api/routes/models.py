"""The trained models that there are."""

import logging
from http import HTTPStatus

from fastapi import APIRouter, Request
from sqlalchemy import Connection

from api.dependencies import get_database
from api.documentation import describe_problems
from api.queries import ALL_MODELS
from api.schemas import Model, Models
from api.strict import StrictRoute

logger = logging.getLogger(__name__)
router = APIRouter(route_class=StrictRoute, tags=["what there is"])


@router.get(
    "/models",
    operation_id="list-models",
    responses=describe_problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def list_models(request: Request) -> Models:
    """List the models: those in production first, then the newest."""
    answer = await get_database(request).run(_read)
    logger.info("%d models", answer.count)
    return answer


def _read(connection: Connection) -> Models:
    data = [Model.model_validate(row._mapping) for row in connection.execute(ALL_MODELS)]
    return Models(data=data, count=len(data))
