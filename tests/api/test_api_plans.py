"""The rows of a location and day are found by an index, however many others there are."""

import re
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, Executable, event, select, text

from api.queries import select_steps
from tests.store.rows import MODEL, add_places
from triptych.store import tables
from triptych.store.database import open_database
from triptych.store.engine import reading
from triptych.store.writes import upsert

AS_OF = datetime(2024, 1, 1, tzinfo=UTC)
LAST = AS_OF + timedelta(hours=21)
CITIES = 500
WHOLE = re.compile(r"SCAN (predictions|last)(?! USING)|Seq Scan on predictions")


def plan(engine: Engine, statement: Executable, **values: object) -> str:
    """What the database would do for a statement."""
    word = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"

    def explain(
        _connection: object, _cursor: object, text: str, parameters: object, *_: object
    ) -> tuple[str, object]:
        return f"{word} {text}", parameters

    event.listen(engine, "before_cursor_execute", explain, retval=True)
    try:
        with reading(engine) as connection:
            rows = connection.execute(statement, values).cursor.fetchall()
    finally:
        event.remove(engine, "before_cursor_execute", explain)
    return "\n".join(str(row[-1]) for row in rows)


def fill(url: str) -> None:
    engine = open_database(url)
    names = [f"city-{n:03d}" for n in range(CITIES)]
    add_places(engine, *names)
    row = ("a" * 64, AS_OF)
    steps = [(lead, AS_OF + timedelta(hours=3 * (lead - 1))) for lead in range(1, 9)]
    with engine.begin() as connection:
        upsert(connection, tables.models, list(MODEL), [tuple(MODEL.values())])
        upsert(
            connection,
            tables.predictions,
            tables.predictions.columns.keys(),
            [
                (row[0], name, row[1], time, lead, 1.0, 0.0, 2.0, 0.9, AS_OF, "model", None, AS_OF)
                for name in names
                for lead, time in steps
            ],
        )
        connection.execute(text("ANALYZE"))


def test_a_day_of_one_place_is_read_by_indexes_alone(database_url: str) -> None:
    fill(database_url)
    engine = open_database(database_url)

    named = {
        "days": [LAST], "short_days": [], "long_days": [], "first": "city-250", "last": "city-250",
        "location": "",
        "time": AS_OF, "rows": 100,
    }  # fmt: skip
    told = plan(engine, select_steps(), **named)
    assert re.search(r"predictions USING PRIMARY KEY|Scan using pk_predictions", told), told
    assert WHOLE.search(told) is None, told

    planted = select(tables.predictions).where(tables.predictions.c.lower > 1)
    assert WHOLE.search(plan(engine, planted)) is not None
