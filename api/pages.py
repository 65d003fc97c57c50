"""Read a page of steps of every location, without looking at more locations than it needs."""

from typing import Any

from sqlalchemy import Connection, Result, Row, Select

from api.listings import SLUGS_FROM
from api.paging import Page, StepKey
from api.queries import STEPS_A_DAY

_ROWS_AT_ONCE = 500


def read_of_one(
    connection: Connection, statement: Select[Any], values: dict[str, Any], page: Page
) -> tuple[list[Row[Any]], StepKey | None]:
    """Read the next steps of one location, and the key of the last if more follow.

    Args:
        connection: in the transaction of the answer.
        statement: one of `api.queries` that takes a page.
        values: its other parameters.
        page: how many steps, behind which.
    """
    return _cut(take_rows(connection.execute(statement, values | _bind(page))), page.limit)


def read_of_all(
    connection: Connection, statement: Select[Any], values: dict[str, Any], page: Page, days: int
) -> tuple[list[Row[Any]], StepKey | None]:
    """Read the next steps of all locations, and a key to go on behind if there is more.

    So many locations at a time as would fill the page: the forecasts of thousands of others are
    not ranked for nothing. A page may thus be shorter than its limit and have a next one.
    """
    first = page.after.location
    places = page.limit // (STEPS_A_DAY * days) + 2
    while True:
        slugs = connection.scalars(SLUGS_FROM, {"first": first, "rows": places + 1}).all()
        if not slugs:
            return [], None
        here = slugs[:places]
        span = {"first_place": here[0], "last_place": here[-1]}
        rows, more = read_of_one(connection, statement, {**values, **span}, page)
        if more or len(slugs) <= places:
            return rows, more
        if rows:
            return rows, StepKey(here[-1], values["last_step"])
        first, places = slugs[places], 2 * places


def take_rows(result: Result[Any]) -> list[Row[Any]]:
    """Take all rows, some at a time: `all` converts them without a pause for other threads."""
    return [row for part in result.partitions(_ROWS_AT_ONCE) for row in part]


def _bind(page: Page) -> dict[str, Any]:
    return {
        "after_place": page.after.location,
        "after_time": page.after.time,
        "rows": page.limit + 1,  # one too many, to know whether more follow
    }


def _cut(rows: list[Row[Any]], limit: int) -> tuple[list[Row[Any]], StepKey | None]:
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], StepKey(last.location, last.time)
