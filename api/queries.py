"""The SQL of the API; pages continue after the key of the last row, none skipped or repeated."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection, Row, bindparam

from api.local_days import EPOCH, STEPS_PER_DAY, LocalDay
from api.params import ForecastParams, LocationParams, ScoreParams
from api.schemas import ModelSummary
from triptych.store.tables import forecast_scores, locations, models, predictions, weather_3h

_ROWS_AT_ONCE = 500
_MODEL_COLUMNS = [models.c[name] for name in ModelSummary.model_fields if name != "model_id"]
_MODEL_ORDER = (
    sa.case((models.c.stage == "production", 0), else_=1),
    models.c.created_at.desc(),
    models.c.version.desc(),
    models.c.model_id,
)
# The stage comes first: after a rollback, later forecasts of the version rolled back do not count.
_last = predictions.alias("last")
_BEST_FIRST = (
    sa.case({"production": 0, "staging": 1, "candidate": 2, "archived": 3}, value=models.c.stage),
    _last.c.as_of.desc(),
    models.c.approved_at.desc().nulls_last(),
    *_MODEL_ORDER,
)


class StepKey(NamedTuple):
    """Key of a forecast step; its cursor is `location.seconds`."""

    location: str
    time: datetime

    def __str__(self) -> str:
        """Write the cursor."""
        return f"{self.location}.{(self.time - EPOCH) // timedelta(seconds=1)}"

    @classmethod
    def parse(cls, cursor: str | None) -> "StepKey":
        """Read a cursor; None precedes all steps."""
        location, seconds = cursor.rsplit(".", 1) if cursor else ("", "0")
        return cls(location, EPOCH + timedelta(seconds=int(seconds)))


def _best_forecasts() -> sa.Select[Any]:
    """Choose one forecast per location and day, of those whose lead at its end covers the day."""
    steps = sa.case(  # a day of 23 or 25 hours has 7 or 9 steps in some time zones
        (_last.c.time.in_(bindparam("short_days")), STEPS_PER_DAY - 1),
        (_last.c.time.in_(bindparam("long_days")), STEPS_PER_DAY + 1),
        else_=STEPS_PER_DAY,
    )
    span = locations.c.location.between(bindparam("first"), bindparam("last"))
    slugs = sa.select(locations.c.location).where(span)  # by name, so that the index serves
    key = _last.c.location, _last.c.time
    ranked = (
        sa.select(
            _last,
            *_MODEL_COLUMNS,
            (_last.c.lead - steps + 1).label("first_lead"),
            sa.func.row_number().over(partition_by=key, order_by=_BEST_FIRST).label("rank"),
            sa.func.dense_rank().over(order_by=_MODEL_ORDER).label("model_rank"),
        )
        .join_from(_last, models, _last.c.model_id == models.c.model_id)
        .where(_last.c.location.in_(slugs), _last.c.time.in_(bindparam("days")))
        .where(_last.c.lead >= steps)
        .subquery()
    )
    return sa.select(ranked).where(ranked.c.rank == 1)


@cache
def select_steps() -> sa.Select[Any]:
    """Select the steps of the best forecasts; cached, since to build it takes 1.3 ms."""
    best, step, observed = _best_forecasts().subquery("best"), predictions.c, weather_3h.c
    same_forecast = sa.and_(
        *(step[name] == best.c[name] for name in ("model_id", "location", "as_of")),
        step.lead.between(best.c.first_lead, best.c.lead),
        step.time.between(best.c.as_of, best.c.time),  # implied; the index on time serves
    )
    same_step = sa.and_(observed.location == step.location, observed.time == step.time)
    after = bindparam("location", type_=step.location.type), bindparam("time", type_=step.time.type)
    of_model = (column for column in best.c if column.name not in predictions.c)
    return (
        sa.select(
            predictions,
            *of_model,
            step.as_of.label("issued_at"),
            observed.temperature_2m.label("observed"),
            (step.temperature_2m - observed.temperature_2m).label("error"),
        )
        .join_from(best, predictions, same_forecast)
        .outerjoin(weather_3h, same_step)
        .where(sa.tuple_(step.location, step.time) > sa.tuple_(*after))
        .order_by(step.location, step.time)
        .limit(bindparam("rows", type_=sa.Integer))
    )


def read_steps(
    connection: Connection, days: Sequence[LocalDay], params: ForecastParams
) -> tuple[list[Row[Any]], StepKey | None]:
    """Read forecast steps with models and observations, and the key of the last if more follow.

    For all locations, it reads as many at a time as fill a page: otherwise the forecasts of
    thousands of others would be ranked too. Such a page may be shorter than its limit.
    """
    after, limit = StepKey.parse(params.cursor), params.limit
    values = {
        "days": [day.last for day in days],
        "short_days": [day.last for day in days if day.steps < STEPS_PER_DAY],
        "long_days": [day.last for day in days if day.steps > STEPS_PER_DAY],
        "rows": limit + 1,
        **after._asdict(),
    }
    one = [params.location] if params.location is not None else None
    first, count = after.location, limit // (STEPS_PER_DAY * len(days)) + 2
    while slugs := one or list_slugs(connection, first, count + 1):
        values |= {"first": slugs[0], "last": slugs[:count][-1]}
        rows = take_rows(connection.execute(select_steps(), values))
        if len(rows) > limit:
            return rows[:limit], StepKey(rows[limit - 1].location, rows[limit - 1].time)
        if len(slugs) <= count:
            return rows, None
        if rows:
            return rows, StepKey(slugs[count - 1], days[-1].last)
        first, count = slugs[count], 2 * count
    return [], None


def take_rows(result: sa.Result[Any]) -> list[Row[Any]]:
    """Fetch all rows in parts: `all` converts them without a pause for other threads."""
    return [row for part in result.partitions(_ROWS_AT_ONCE) for row in part]


def _select_scores(params: ScoreParams, *columns: Any) -> sa.Select[Any]:
    statement = sa.select(*columns).select_from(sa.join(forecast_scores, models))
    return statement if params.models == "all" else statement.where(models.c.stage == "production")


def read_scores(connection: Connection, params: ScoreParams) -> list[Row[Any]]:
    """Read a page of scores with their models, and one row more if there is a next page."""
    score = forecast_scores.c
    digits = sa.func.length(score.lead, type_=sa.Integer)  # 2 before 10, and both before `all`
    key = score.model_id, score.window, score.data_age, digits, score.lead
    found = _select_scores(params, forecast_scores, score.n.label("count"), *_MODEL_COLUMNS)
    found = found.where(score.location == params.location).order_by(*key).limit(params.limit + 1)
    if params.cursor is not None:
        model_id, window, age, lead = params.cursor.split(".")
        found = found.where(sa.tuple_(*key) > (model_id, window, int(age), len(lead), lead))
    return take_rows(connection.execute(found))


def list_scored(connection: Connection, params: ScoreParams) -> Sequence[str]:
    """Read the slugs of the locations with scores."""
    return sorted(connection.scalars(_select_scores(params, forecast_scores.c.location).distinct()))


def list_models(connection: Connection, after: str | None, limit: int) -> Sequence[Row[Any]]:
    """Read a page of models: those in production first, then the newest."""
    position = sa.func.row_number().over(order_by=_MODEL_ORDER).label("position")
    ordered = sa.select(models, position).subquery().c
    statement = sa.select(*ordered).order_by(ordered.position).limit(limit)
    if after is not None:
        last = sa.select(ordered.position).where(ordered.model_id == after).scalar_subquery()
        statement = statement.where(ordered.position > last)
    return connection.execute(statement).all()


def list_locations(connection: Connection, params: LocationParams) -> Sequence[Row[Any]]:
    """Read a page of locations by slug, an exact match first, and one row more if any follow."""
    slug, after = locations.c.location, params.cursor or ""
    page = sa.select(locations).where(slug > after).order_by(slug)
    if (text := params.search) is not None:
        key, start = (slug != text.lower(), slug), (after not in {"", text.lower()}, after)
        found = (column.icontains(text, autoescape=True) for column in (slug, locations.c.name))
        page = sa.select(locations).where(sa.tuple_(*key) > start, sa.or_(*found)).order_by(*key)
    return connection.execute(page.limit(params.limit + 1)).all()


def list_slugs(connection: Connection, first: str = "", limit: int | None = None) -> Sequence[str]:
    """Read the slugs of locations from one on."""
    statement = sa.select(locations.c.location).where(locations.c.location >= first)
    return connection.scalars(statement.order_by(locations.c.location).limit(limit)).all()


def find_zone(connection: Connection, location: str) -> str | None:
    """Read the IANA time zone of a location; None if the location is unknown."""
    return connection.scalar(sa.select(locations.c.timezone).filter_by(location=location))


def count_locations(connection: Connection) -> int:
    """Count the locations."""
    return connection.scalar(sa.select(sa.func.count()).select_from(locations)) or 0


def find_extent(connection: Connection, location: str | None) -> Any:
    """Read the `first` and `last` time of all forecast steps; both None if there are none."""
    step, here = predictions.c, predictions.c.location == locations.c.location
    mine = sa.select(step.time).where(here, step.lead >= 1).limit(1)
    # one look at the index per location, instead of a scan of all steps
    ends = (mine.order_by(order).scalar_subquery() for order in (step.time, step.time.desc()))
    first, last = sa.func.min(next(ends)).label("first"), sa.func.max(next(ends)).label("last")
    statement = sa.select(first, last).select_from(locations)
    if location is not None:
        statement = statement.where(locations.c.location == location)
    return connection.execute(statement).one()


def is_covered(connection: Connection, day: LocalDay, location: str | None) -> bool:
    """Tell whether a forecast covers a whole day."""
    slugs = sa.select(locations.c.location) if location is None else [location]
    whole = _last.c.time == day.last, _last.c.lead >= day.steps, _last.c.location.in_(slugs)
    return connection.scalar(sa.select(_last.c.time).where(*whole).limit(1)) is not None
