"""The trained models that there are."""

import logging
from http import HTTPStatus

from fastapi import APIRouter

from api.dependencies import DatabaseDep
from api.documentation import describe_problems
from api.reads import read_models
from api.schemas import Models
from api.strict import StrictRoute

logger = logging.getLogger(__name__)
router = APIRouter(route_class=StrictRoute, tags=["what there is"])


@router.get(
    "/models",
    operation_id="list-models",
    responses=describe_problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def list_models(database: DatabaseDep) -> Models:
    """List the models: those in production first, then the newest."""
    answer = await database.run(read_models)
    logger.info("%d models", answer.count)
    return answer
