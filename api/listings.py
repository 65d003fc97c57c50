"""The reads of the lists of what there is, built once like those of `api.queries`."""

from sqlalchemy import (
    ColumnElement,
    Integer,
    String,
    and_,
    bindparam,
    false,
    func,
    or_,
    select,
)

from api.queries import LIVE_FIRST, MODEL, MODEL_ORDER
from triptych.store.tables import locations, models
from triptych.store.types import UtcDateTime

_ROWS = bindparam("rows", type_=Integer)


def _models_behind() -> ColumnElement[bool]:
    """Compare with a model that is given, in the order of the list."""
    live = bindparam("live", type_=Integer)
    created = bindparam("created_at", type_=UtcDateTime)
    version = bindparam("version", type_=Integer)
    model_id = bindparam("model_id", type_=String)
    behind: ColumnElement[bool] = false()
    for is_behind, is_equal in (
        (models.c.model_id > model_id, models.c.model_id == model_id),
        (models.c.version < version, models.c.version == version),
        (models.c.created_at < created, models.c.created_at == created),
        (live < LIVE_FIRST, live == LIVE_FIRST),
    ):
        behind = or_(is_behind, and_(is_equal, behind))
    return behind


LOCATIONS_BEHIND = (
    select(locations)
    .where(locations.c.location > bindparam("after", type_=String))
    .order_by(locations.c.location)
    .limit(_ROWS)
)
LOCATION_SLUGS = select(locations.c.location).order_by(locations.c.location)
SLUGS_FROM = LOCATION_SLUGS.where(locations.c.location >= bindparam("first", type_=String)).limit(
    _ROWS
)
LOCATION_COUNT = select(func.count()).select_from(locations)
ZONE = select(locations.c.timezone).where(locations.c.location == bindparam("location"))

FIRST_MODELS = select(models).order_by(*MODEL_ORDER).limit(_ROWS)
MODELS_BEHIND = FIRST_MODELS.where(_models_behind())
MODEL_KEY = select(
    LIVE_FIRST.label("live"), models.c.created_at, models.c.version, models.c.model_id
).where(models.c.model_id == bindparam("model_id"))
MODELS_BY_ID = (
    select(*(models.c[name] for name in MODEL))
    .where(models.c.model_id.in_(bindparam("model_ids", expanding=True)))
    .order_by(*MODEL_ORDER)
)
