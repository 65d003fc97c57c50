"""The reads, built once: SQLAlchemy compiles each a single time."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
)

from triptych.store.tables import locations, models, predictions, weather_3h

STEPS_A_DAY = 8
STEP = ("location", "time", "lead", "temperature_2m", "lower", "upper", "method")
FORECAST = ("as_of", "known_until", "created_at", "level")
MODEL = ("model_id", "name", "version", "algorithm", "stage", "train_start", "train_end")

_STAGE_ORDER = case(
    {"production": 0, "staging": 1, "candidate": 2, "archived": 3}, value=models.c.stage
)
LIVE_FIRST = case((models.c.stage == "production", 0), else_=1)
MODEL_ORDER = (
    LIVE_FIRST,
    models.c.created_at.desc(),
    models.c.version.desc(),
    models.c.model_id,
)
_MODEL_COLUMNS = tuple(models.c[name] for name in MODEL)
_STEP_ORDER = (predictions.c.location, predictions.c.time)

# A day is named by its last step: a forecast that reaches it with a lead of at least the day's
# number of steps was issued at or before the day's start, and all the steps are forecasts.
_last = predictions.alias("last")
_ON_DAY = _last.c.time == bindparam("last_step")
_AT_LOCATION = _last.c.location == bindparam("location")
_IN_PERIOD = _last.c.time.in_(bindparam("last_steps", expanding=True))
# A day of 23 or 25 hours has 7 or 9 steps in some zones.
_LENGTH = case(
    (_last.c.time.in_(bindparam("last_of_short", expanding=True)), STEPS_A_DAY - 1),
    (_last.c.time.in_(bindparam("last_of_long", expanding=True)), STEPS_A_DAY + 1),
    else_=STEPS_A_DAY,
)
_STEPS = bindparam("steps", type_=Integer)
# The stage comes first: after a rollback the later forecasts of what was rolled back do not answer.
_BEST_FIRST = (
    _STAGE_ORDER,
    _last.c.as_of.desc(),
    models.c.approved_at.desc().nulls_last(),
    *MODEL_ORDER,
)


def _covering(
    days: ColumnElement[bool], steps: ColumnElement[int], *columns: ColumnElement[Any]
) -> Select[Any]:
    """Read the last steps of the forecasts that cover whole days, with the first step's lead."""
    first = _last.c.lead - steps + 1
    return (
        select(
            _last.c.model_id,
            _last.c.location,
            _last.c.as_of,
            _last.c.time,
            _last.c.lead,
            first.label("first_lead"),
            *columns,
        )
        .join_from(_last, models, _last.c.model_id == models.c.model_id)
        .where(days)
        .where(_last.c.lead >= steps)
    )


def _best_of_each(
    days: ColumnElement[bool], steps: ColumnElement[int], one_location: bool
) -> Subquery:
    """Choose the forecast that answers, for each location and day."""
    place_and_day = (_last.c.location, _last.c.time)
    rank = func.row_number().over(partition_by=place_and_day, order_by=_BEST_FIRST)
    # All by name, so that the index on location and time serves them, too.
    named = select(locations.c.location).where(
        locations.c.location.between(bindparam("first_place"), bindparam("last_place"))
    )
    places = _AT_LOCATION if one_location else _last.c.location.in_(named)
    ranked = _covering(days, steps, rank.label("rank")).where(places).subquery("ranked")
    return select(ranked).where(ranked.c.rank == 1).subquery("best")


def _best_of_one() -> Subquery:
    """Choose the forecast that answers for one location and day: no ranking of many."""
    query = _covering(_ON_DAY, _STEPS).where(_AT_LOCATION).order_by(*_BEST_FIRST).limit(1)
    return query.subquery("best")


def _steps(best: Subquery, columns: tuple[str, ...], *more: ColumnElement[Any]) -> Select[Any]:
    """Read the steps of each location and day from the forecast chosen."""
    same_forecast = and_(
        predictions.c.model_id == best.c.model_id,
        predictions.c.location == best.c.location,
        predictions.c.as_of == best.c.as_of,
        predictions.c.lead.between(best.c.first_lead, best.c.lead),
        # All of them lie between, so that the index on location and time serves them.
        predictions.c.time.between(best.c.as_of, best.c.time),
    )
    return (
        select(*(predictions.c[name] for name in columns), *more)
        .join_from(best, predictions, same_forecast)
        .order_by(*_STEP_ORDER)
    )


def _day(best: Subquery) -> Select[Any]:
    """Read the steps of a day, each with its forecast and model."""
    steps = _steps(best, STEP + FORECAST, *_MODEL_COLUMNS)
    return steps.join(models, models.c.model_id == predictions.c.model_id)


def _observed(one_location: bool) -> Select[Any]:
    """Read the steps of a period, each with what was observed."""
    best = _best_of_each(_IN_PERIOD, _LENGTH, one_location)
    same_step = and_(
        weather_3h.c.location == predictions.c.location, weather_3h.c.time == predictions.c.time
    )
    observed = weather_3h.c.temperature_2m.label("observed")
    steps = _steps(best, (*STEP, "as_of", "known_until", "model_id"), observed).outerjoin(
        weather_3h, same_step
    )
    return _page(steps)


def _page(steps: Select[Any]) -> Select[Any]:
    """Read on behind one location and time, so many rows."""
    place, time = predictions.c.location, predictions.c.time
    behind = or_(
        place > bindparam("after_place"),
        and_(place == bindparam("after_place"), time > bindparam("after_time")),
    )
    return steps.where(behind).limit(bindparam("rows", type_=Integer))


def _extent(one_location: bool) -> Select[Any]:
    """Read the first and the last step of all forecasts; None without any."""

    def step(order: ColumnElement[Any]) -> ColumnElement[Any]:
        found = (
            select(predictions.c.time)
            .where(predictions.c.location == locations.c.location)
            .where(predictions.c.lead >= 1)
        )
        return found.order_by(order).limit(1).correlate(locations).scalar_subquery()

    time = predictions.c.time
    query = select(
        func.min(step(time.asc())).label("first"), func.max(step(time.desc())).label("last")
    ).select_from(locations)
    here = locations.c.location == bindparam("location")
    return query.where(here) if one_location else query


def _covered(one_location: bool) -> Select[Any]:
    """Read whether a forecast covers a day."""
    places = _AT_LOCATION if one_location else _last.c.location.in_(select(locations.c.location))
    return select(_last.c.time).where(_ON_DAY, _last.c.lead >= _STEPS, places).limit(1)


DAY_OF_LOCATION = _day(_best_of_one())
DAY_OF_ALL = _page(_day(_best_of_each(_ON_DAY, _STEPS, one_location=False)))
# By whether one location is asked for, or all.
OBSERVED = {one: _observed(one) for one in (True, False)}
EXTENT = {one: _extent(one) for one in (True, False)}
COVERED = {one: _covered(one) for one in (True, False)}
