"""Locations, models, and predictions of the production classifiers for photos and reviews."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlalchemy import ColumnElement, Connection, Row, Table, select, tuple_, union

from api import queries, schemas
from api.cache import CachedRoute
from api.not_found import unknown_name_error
from api.params import ClassificationParams, LocationParams, ModelParams
from api.problems import ProblemError
from api.responses import DOCUMENTED, CachedResponse, render
from api.schemas import Location, Model, Page
from triptych.store.tables import image_predictions, models, text_predictions

router = APIRouter(route_class=CachedRoute, tags=["catalog"], responses=DOCUMENTED)


@router.get("/locations", operation_id="list-locations", response_model=Page[Location])
def list_locations(request: Request, params: Annotated[LocationParams, Query()]) -> CachedResponse:
    """List the locations, by slug; `search` finds parts of names and slugs, an exact slug first."""
    with request.app.state.database.read() as connection:
        rows = queries.list_locations(connection, params)
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
    return render(request, Page[Model](data=data, count=len(data)), cursor, f"{len(data)} models")


def _add_route(kind: str, items: str, table: Table) -> None:
    @router.get(
        f"/{kind}/predictions",
        operation_id=f"get-{kind}-predictions",
        response_model=schemas.Classifications,
        summary=f"Predictions of {items}",
    )
    def get_classifications(
        request: Request, params: Annotated[ClassificationParams, Query()]
    ) -> CachedResponse:
        """Return label and probabilities of each item by the production version of each model.

        `models` describes it with its metrics; `scores` counts items whose true class is known.
        """
        with request.app.state.database.read() as connection:
            classifiers = _find_classifiers(connection, kind, params.model)
            mine = table.c.model_id.in_([row.model_id for row in classifiers])
            rows = _read_items(connection, table, mine, params)
        data = [schemas.Classification.model_validate(row._mapping) for row in rows[: params.limit]]
        models = [schemas.ClassifierSummary.model_validate(row._mapping) for row in classifiers]
        right = [each.label == each.true_label for each in data if each.true_label is not None]
        accuracy = sum(right) / len(right) if right else None
        scores = schemas.Accuracy(count=len(right), right=sum(right), accuracy=accuracy)
        page = schemas.Classifications(data=data, count=len(data), scores=scores, models=models)
        # the item in hexadecimal, since it may hold any character
        cursors = [f"{each.model_id}.{each.item.encode().hex()}" for each in data[-1:]]
        cursor = cursors[0] if len(rows) > params.limit else None
        return render(request, page, cursor, f"{len(data)} {items}, model {params.model or 'all'}")


_add_route("images", "photos", image_predictions)
_add_route("texts", "reviews", text_predictions)


def _find_classifiers(connection: Connection, kind: str, name: str | None) -> list[Row[Any]]:
    """Read the production versions of one model or all; raises a 404 if there are none."""
    rows = connection.execute(select(models).filter_by(kind=kind).order_by(models.c.name)).all()
    found = [row for row in rows if row.stage == "production" and name in {None, row.name}]
    names = list(dict.fromkeys(row.name for row in rows))
    if name is not None and name not in names:
        raise unknown_name_error("model", name, names, "unknown-model")
    if not found:
        subject = f"Of {name}, no version" if name is not None else "No model"
        known = ", ".join(names) or "none yet; run the pipelines first"
        detail = f"{subject} is in production; see `kedro model promote`. Known: {known}."
        raise ProblemError(404, "no-prediction", detail)
    return found


def _read_items(
    connection: Connection, table: Table, mine: ColumnElement[bool], params: ClassificationParams
) -> list[Row[Any]]:
    """Read the items of a page, and one more if there is a next page."""
    key = table.c.model_id, table.c.item
    statement = select(table).where(mine).order_by(*key)
    for name in ("label", "true_label", "item"):
        if (value := getattr(params, name)) is not None:
            statement = statement.where(table.c[name] == value)
    if params.wrong is not None:  # an unknown true class is neither right nor wrong
        right = table.c.label == table.c.true_label
        statement = statement.where(~right if params.wrong == "true" else right)
    if params.cursor is not None:
        model_id, item = params.cursor.split(".")
        item = bytes.fromhex(item).decode(errors="replace").replace("\0", "")
        statement = statement.where(tuple_(*key) > (model_id, item))
    rows = queries.take_rows(connection.execute(statement.limit(params.limit + 1)))
    if not rows and params.cursor is None:
        _check_names(connection, table, mine, params)
    return rows


def _check_names(
    connection: Connection, table: Table, mine: ColumnElement[bool], params: ClassificationParams
) -> None:
    """Raise a 404 if nothing matches because a label or item does not exist."""
    stored = union(*(select(table.c[name]).where(mine) for name in ("label", "true_label")))
    labels = sorted(filter(None, connection.scalars(stored)))
    if not labels:
        detail = "No predictions of the production version are stored. Run its pipeline again."
        raise ProblemError(404, "no-prediction", detail)
    for name in ("label", "true_label"):
        found = getattr(params, name)
        if found is not None and found not in labels:
            raise unknown_name_error(name, found, labels, "unknown-label")
    one = select(table.c.item).where(mine, table.c.item == params.item)
    if params.item is not None and connection.scalar(one) is None:
        raise unknown_name_error("item", params.item, ["the items of this list"], "unknown-item")
