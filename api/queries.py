"""The SQL of the API; the statement of the steps is built once, which takes 1.3 ms."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Result,
    Row,
    Select,
    and_,
    bindparam,
    case,
    func,
    select,
    tuple_,
)

from api.local_days import STEPS_PER_DAY, LocalDay
from api.pagination import StepKey
from triptych.store.tables import locations, models, predictions, weather_3h

_ROWS_AT_ONCE = 500
_MODEL_ORDER = (
    case((models.c.stage == "production", 0), else_=1),
    models.c.created_at.desc(),
    models.c.version.desc(),
    models.c.model_id,
)
# The stage comes first: after a rollback, later forecasts of the version rolled back do not count.
_last = predictions.alias("last")
_BEST_FIRST = (
    case({"production": 0, "staging": 1, "candidate": 2, "archived": 3}, value=models.c.stage),
    _last.c.as_of.desc(),
    models.c.approved_at.desc().nulls_last(),
    *_MODEL_ORDER,
)


def _best_forecasts(at: ColumnElement[bool]) -> Select[Any]:
    """Choose one forecast per location and day, of those that cover the day.

    A day is identified by its last step: a forecast that reaches it with a lead of at least the
    day's number of steps was issued by the start of the day, and all its steps are forecasts.
    """
    steps = case(  # a day of 23 or 25 hours has 7 or 9 steps in some time zones
        (_last.c.time.in_(bindparam("short_days", expanding=True)), STEPS_PER_DAY - 1),
        (_last.c.time.in_(bindparam("long_days", expanding=True)), STEPS_PER_DAY + 1),
        else_=STEPS_PER_DAY,
    )
    key = _last.c.location, _last.c.time
    rank = func.row_number().over(partition_by=key, order_by=_BEST_FIRST).label("rank")
    ranked = (
        select(_last, (_last.c.lead - steps + 1).label("first_lead"), rank)
        .join_from(_last, models, _last.c.model_id == models.c.model_id)
        .where(at, _last.c.time.in_(bindparam("days", expanding=True)), _last.c.lead >= steps)
        .subquery()
    )
    return select(ranked).where(ranked.c.rank == 1)


def _steps(at: ColumnElement[bool]) -> Select[Any]:
    """Select the steps of the best forecasts, with the observations."""
    best, step, observed = _best_forecasts(at).subquery("best"), predictions.c, weather_3h.c
    same_forecast = and_(
        *(step[name] == best.c[name] for name in ("model_id", "location", "as_of")),
        step.lead.between(best.c.first_lead, best.c.lead),
        step.time.between(best.c.as_of, best.c.time),  # implied; the index on time serves
    )
    same_step = and_(observed.location == step.location, observed.time == step.time)
    after = bindparam("location", type_=step.location.type), bindparam("time", type_=step.time.type)
    return (
        select(
            predictions,
            step.as_of.label("issued_at"),
            observed.temperature_2m.label("observed"),
            (step.temperature_2m - observed.temperature_2m).label("error"),
        )
        .join_from(best, predictions, same_forecast)
        .outerjoin(weather_3h, same_step)
        .where(tuple_(step.location, step.time) > tuple_(*after))
        .order_by(step.location, step.time)
        .limit(bindparam("rows", type_=Integer))
    )


_SPAN = locations.c.location.between(bindparam("first"), bindparam("last"))
STEPS_OF_ONE = _steps(_last.c.location == bindparam("first"))
# explicit names, so that the index on location and time serves
STEPS_OF_MANY = _steps(_last.c.location.in_(select(locations.c.location).where(_SPAN)))


def read_steps(
    connection: Connection,
    days: Sequence[LocalDay],
    location: str | None,
    after: StepKey,
    limit: int,
) -> tuple[list[Row[Any]], StepKey | None]:
    """Read forecast steps with their observations, and the key of the last if more follow.

    For all locations (None), it reads as many at a time as fill a page: otherwise the forecasts
    of thousands of others would be ranked too. Such a page may be shorter than its limit.
    """
    values = {
        "days": [day.last for day in days],
        "short_days": [day.last for day in days if day.steps < STEPS_PER_DAY],
        "long_days": [day.last for day in days if day.steps > STEPS_PER_DAY],
        "rows": limit + 1,
        **after._asdict(),
    }
    if location is not None:
        return _cut(connection.execute(STEPS_OF_ONE, values | {"first": location}), limit)
    first, count = after.location, limit // (STEPS_PER_DAY * len(days)) + 2
    while slugs := list_slugs(connection, first, count + 1):
        values |= {"first": slugs[0], "last": slugs[:count][-1]}
        rows, more = _cut(connection.execute(STEPS_OF_MANY, values), limit)
        if more or len(slugs) <= count:
            return rows, more
        if rows:
            return rows, StepKey(slugs[count - 1], days[-1].last)
        first, count = slugs[count], 2 * count
    return [], None


def _cut(result: Result[Any], limit: int) -> tuple[list[Row[Any]], StepKey | None]:
    rows = take_rows(result)
    more = StepKey(rows[limit - 1].location, rows[limit - 1].time) if len(rows) > limit else None
    return rows[:limit], more


def take_rows(result: Result[Any]) -> list[Row[Any]]:
    """Fetch all rows in parts: `all` converts them without a pause for other threads."""
    return [row for part in result.partitions(_ROWS_AT_ONCE) for row in part]


_SUMMARY = ("model_id", "name", "version", "algorithm", "stage", "train_start", "train_end")
_MODELS = (
    select(*(models.c[name] for name in _SUMMARY))
    .where(models.c.model_id.in_(bindparam("model_ids", expanding=True)))
    .order_by(*_MODEL_ORDER)
)


def read_models(connection: Connection, model_ids: Iterable[str]) -> Sequence[Row[Any]]:
    """Read summaries of models by id: those in production first, then the newest."""
    return connection.execute(_MODELS, {"model_ids": sorted(set(model_ids))}).all()


def list_models(connection: Connection, after: str | None, limit: int) -> Sequence[Row[Any]]:
    """Read a page of models: those in production first, then the newest."""
    position = func.row_number().over(order_by=_MODEL_ORDER).label("position")
    ordered = select(models, position).subquery().c
    statement = select(*ordered).order_by(ordered.position).limit(limit)
    if after is not None:
        last = select(ordered.position).where(ordered.model_id == after).scalar_subquery()
        statement = statement.where(ordered.position > last)
    return connection.execute(statement).all()


def list_locations(connection: Connection, after: str, limit: int) -> Sequence[Row[Any]]:
    """Read a page of locations by slug."""
    statement = select(locations).where(locations.c.location > after)
    return connection.execute(statement.order_by(locations.c.location).limit(limit)).all()


def list_slugs(connection: Connection, first: str = "", limit: int | None = None) -> Sequence[str]:
    """Read the slugs of locations from one on."""
    statement = select(locations.c.location).where(locations.c.location >= first)
    return connection.scalars(statement.order_by(locations.c.location).limit(limit)).all()


def find_zone(connection: Connection, location: str) -> str | None:
    """Read the IANA time zone of a location; None if the location is unknown."""
    return connection.scalar(select(locations.c.timezone).where(locations.c.location == location))


def count_locations(connection: Connection) -> int:
    """Count the locations."""
    return connection.scalar(select(func.count()).select_from(locations)) or 0


def find_extent(connection: Connection, location: str | None) -> Any:
    """Read the `first` and `last` time of all forecast steps; both None if there are none."""
    step = predictions.c
    mine = select(step.time).where(step.location == locations.c.location, step.lead >= 1).limit(1)
    # one look at the index per location, instead of a scan of all steps
    ends = (mine.order_by(order).scalar_subquery() for order in (step.time, step.time.desc()))
    first, last = func.min(next(ends)).label("first"), func.max(next(ends)).label("last")
    statement = select(first, last).select_from(locations)
    if location is not None:
        statement = statement.where(locations.c.location == location)
    return connection.execute(statement).one()


def is_covered(connection: Connection, day: LocalDay, location: str | None) -> bool:
    """Tell whether a forecast covers a whole day."""
    slugs = select(locations.c.location) if location is None else [location]
    whole = _last.c.time == day.last, _last.c.lead >= day.steps, _last.c.location.in_(slugs)
    return connection.scalar(select(_last.c.time).where(*whole).limit(1)) is not None
