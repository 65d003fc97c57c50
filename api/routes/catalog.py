"""Lists of the locations and of the models."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from api import queries
from api.cache import CachedRoute
from api.not_found import unknown_name_error
from api.params import LocationParams, ModelParams
from api.responses import DOCUMENTED, CachedResponse, render
from api.schemas import Location, Model, Page

router = APIRouter(route_class=CachedRoute, tags=["catalog"], responses=DOCUMENTED)


@router.get("/locations", operation_id="list-locations", response_model=Page[Location])
def list_locations(request: Request, params: Annotated[LocationParams, Query()]) -> CachedResponse:
    """List the locations, by slug."""
    with request.app.state.database.read() as connection:
        rows = queries.list_locations(connection, params.cursor or "", params.limit + 1)
    data = [Location.model_validate(row._mapping) for row in rows[: params.limit]]
    cursor = data[-1].location if len(rows) > params.limit else None
    page = Page[Location](data=data, count=len(data))
    return render(request, page, cursor, f"{len(data)} locations")


@router.get("/models", operation_id="list-models", response_model=Page[Model])
def list_models(request: Request, params: Annotated[ModelParams, Query()]) -> CachedResponse:
    """List the models: those in production first, then the newest."""
    with request.app.state.database.read() as connection:
        rows = queries.list_models(connection, params.cursor, params.limit + 1)
    if params.cursor is not None and not rows:
        raise unknown_name_error("cursor", params.cursor, ["`next` of a page"], "unknown-model")
    data = [Model.model_validate(row._mapping) for row in rows[: params.limit]]
    cursor = data[-1].model_id if len(rows) > params.limit else None
    page = Page[Model](data=data, count=len(data))
    return render(request, page, cursor, f"{page.count} models")
