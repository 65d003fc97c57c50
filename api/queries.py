"""The reads, built once: SQLAlchemy compiles each a single time."""

from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, bindparam, case, func, select

from triptych.store.tables import locations, models, predictions, weather_3h

STEPS_A_DAY = 8

_MODEL_ORDER = (
    case((models.c.stage == "production", 0), else_=1),
    models.c.created_at.desc(),
    models.c.version.desc(),
    models.c.model_id,
)
_MODEL = tuple(
    models.c[name]
    for name in ("model_id", "name", "version", "algorithm", "stage", "train_start", "train_end")
)
_STEP = tuple(
    predictions.c[name] for name in ("location", "time", "lead", "temperature_2m", "lower", "upper")
)
_last = predictions.alias("last")
_BEST = (_last.c.as_of.desc(), *_MODEL_ORDER)
_ON_THE_DAY = _last.c.time == bindparam("last_step")
_IN_THE_PERIOD = _last.c.time.in_(bindparam("last_steps", expanding=True))
_WITHIN = predictions.c.time.between(bindparam("first_step"), bindparam("last_step"))
_ORDER = (predictions.c.location, predictions.c.time)
_AT_THE_LOCATION = locations.c.location == bindparam("location")


def _covering(days: ColumnElement[bool], *columns: ColumnElement[Any]) -> Select[Any]:
    """Read the forecasts that cover a whole day, from its last step.

    A forecast that reaches the day's last step with a lead of at least 8 was issued at or before
    the day's 00:00, and all eight steps are forecasts.
    """
    # From locations, so that the index on location and time serves without a location, too.
    return (
        select(_last, *columns)
        .join_from(locations, _last, _last.c.location == locations.c.location)
        .join(models, _last.c.model_id == models.c.model_id)
        .where(days)
        .where(_last.c.lead >= STEPS_A_DAY)
    )


def _best(days: ColumnElement[bool], one_location: bool) -> Subquery:
    """Read the forecast that answers for each location and day."""
    rank = func.row_number().over(partition_by=(_last.c.location, _last.c.time), order_by=_BEST)
    query = _covering(days, rank.label("rank"), *_MODEL[1:])
    if one_location:
        query = query.where(_AT_THE_LOCATION)
    ranked = query.subquery("ranked")
    return select(ranked).where(ranked.c.rank == 1).subquery("best")


def _steps(best: Subquery, *more: ColumnElement[Any]) -> Select[Any]:
    """Read the eight steps of each location and day from the forecast that answers for it."""
    same_forecast = and_(
        predictions.c.model_id == best.c.model_id,
        predictions.c.location == best.c.location,
        predictions.c.as_of == best.c.as_of,
        predictions.c.lead.between(best.c.lead - (STEPS_A_DAY - 1), best.c.lead),
        _WITHIN,
    )
    return select(*_STEP, *more).join_from(best, predictions, same_forecast).order_by(*_ORDER)


def _observed_steps(one_location: bool) -> Select[Any]:
    same_step = and_(
        weather_3h.c.location == predictions.c.location, weather_3h.c.time == predictions.c.time
    )
    return _steps(
        _best(_IN_THE_PERIOD, one_location),
        predictions.c.as_of,
        predictions.c.model_id,
        weather_3h.c.temperature_2m.label("observed"),
    ).outerjoin(weather_3h, same_step)


def _extent(one_location: bool) -> Select[Any]:
    """Read the first and the last step of forecasts that answer for a day; None without any."""

    def step(order: ColumnElement[Any]) -> ColumnElement[Any]:
        found = (
            select(predictions.c.time)
            .where(predictions.c.location == locations.c.location)
            .where(predictions.c.lead >= STEPS_A_DAY)
        )
        return found.order_by(order).limit(1).correlate(locations).scalar_subquery()

    time = predictions.c.time
    query = select(
        func.min(step(time.asc())).label("first"), func.max(step(time.desc())).label("last")
    ).select_from(locations)
    return query.where(_AT_THE_LOCATION) if one_location else query


# One location and day is what is asked most: it needs no ranking of many.
FORECAST = _covering(_ON_THE_DAY, *_MODEL[1:]).where(_AT_THE_LOCATION).order_by(*_BEST).limit(1)
STEPS_OF_FORECAST = (
    select(*_STEP)
    .where(predictions.c.model_id == bindparam("model_id"))
    .where(predictions.c.location == bindparam("location"))
    .where(predictions.c.as_of == bindparam("as_of"))
    .where(_WITHIN)
    .order_by(*_ORDER)
)
_best_of_day = _best(_ON_THE_DAY, one_location=False)
FORECASTS = select(_best_of_day).order_by(_best_of_day.c.location)
STEPS = _steps(_best_of_day)

# By whether one location is asked for, or all.
OBSERVED_STEPS = {one: _observed_steps(one) for one in (True, False)}
EXTENT = {one: _extent(one) for one in (True, False)}

ALL_LOCATIONS = select(locations).order_by(locations.c.location)
LOCATION_SLUGS = select(locations.c.location).order_by(locations.c.location)
LOCATION_COUNT = select(func.count()).select_from(locations)
ALL_MODELS = select(models).order_by(*_MODEL_ORDER)
MODELS_BY_ID = (
    select(*_MODEL)
    .where(models.c.model_id.in_(bindparam("model_ids", expanding=True)))
    .order_by(*_MODEL_ORDER)
)
