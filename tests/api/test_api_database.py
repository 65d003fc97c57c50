"""Queries: found as by a simple search, by an index, and not in the event loop."""

import re
import threading
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine, Executable, event, select, text

from api.database import Database
from api.queries import select_steps
from tests.api.conftest import open_client
from tests.api.tables import STEP, add_forecasts, add_locations, forecast, july
from tests.fixtures.databases import write_rows
from triptych.store import tables
from triptych.store.engine import reading

Row = dict[str, Any]
STAGES = ("archived", "candidate", "staging", "production")


@pytest.mark.parametrize("seed", range(3))
def test_any_tables_are_answered_as_by_a_simple_search(
    own_client: Any, engine: Any, seed: int
) -> None:
    rng = Random(seed)  # noqa: S311
    extra = [row for _ in range(40) for row in _draw_forecast(rng)]
    unique = {(row["model_id"], row["location"], row["as_of"], row["time"]): row for row in extra}
    rows = list(unique.values())
    with engine.begin() as connection:
        write_rows(
            connection, tables.predictions, list(rows[0]), [tuple(row.values()) for row in rows]
        )
        stored = [row._asdict() for row in connection.execute(select(tables.predictions))]
        models = [row._asdict() for row in connection.execute(select(tables.models))]

    for n in range(14):
        day = datetime(2019, 7, 8, tzinfo=UTC) + timedelta(days=n)
        answer = own_client.get("/predictions", params={"date": f"{day:%Y-%m-%d}"}).json()
        found = {
            (each["location"], each["issued_at"], each["model"]["model_id"])
            for each in answer.get("forecasts", [])
        }
        assert found == _search(stored, {each["model_id"]: each for each in models}, day)


def _draw_forecast(rng: Random) -> list[Row]:
    as_of = datetime(2019, 7, 9, tzinfo=UTC) + STEP * rng.randrange(8 * 9)
    model, location = rng.choice("ABC"), rng.choice(["brest", "paris", "quimper"])
    first, last = 1 - rng.randrange(4), rng.randrange(4, 30)
    return forecast(model, location, as_of, first, last)


def _search(rows: list[Row], models: dict[str, Row], day: datetime) -> set[tuple[str, str, str]]:
    """Look at every forecast of the tables that has all eight steps of the day."""
    steps = {day + STEP * n for n in range(8)}
    found = set()
    for location in {row["location"] for row in rows}:
        whole = []
        mine = [row for row in rows if row["location"] == location]
        for key in {(row["as_of"], row["model_id"]) for row in mine}:
            times = {row["time"] for row in mine if (row["as_of"], row["model_id"]) == key}
            if key[0] <= day and steps <= times:
                whole.append(key)
        if whole:
            ranks = {key: models[key[1]] for key in whole}
            as_of, model_id = max(
                whole,
                key=lambda key: (
                    STAGES.index(ranks[key]["stage"]), key[0], ranks[key]["created_at"],
                ),
            )  # fmt: skip
            found.add((location, f"{as_of:%Y-%m-%dT%H:%M:%SZ}", model_id))
    return found


def test_no_read_runs_in_the_event_loop(filled_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: dict[str, int] = {}
    read = Database.read

    def watched(self: Database) -> Any:
        threads["read"] = threading.get_ident()
        return read(self)

    monkeypatch.setattr(Database, "read", watched)
    with open_client(filled_url) as client:

        @client.app.get("/thread")
        async def get_thread() -> int:
            return threading.get_ident()

        loop = client.get("/thread").json()
        client.get("/predictions?date=2019-07-11&location=paris")
        assert threads["read"] != loop


def plan(engine: Engine, statement: Executable, **values: object) -> str:
    """How the database would execute a statement."""
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


@pytest.mark.usefixtures("url")
def test_a_day_of_one_location_is_read_by_indexes_alone(engine: Engine) -> None:
    cities = [f"city-{n:03d}" for n in range(500)]
    add_locations(engine, *((city, "UTC") for city in cities))
    add_forecasts(engine, [(city, july(20)) for city in cities], leads=8)
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))

    values = {
        "days": [july(20, 21)], "short_days": [], "long_days": [], "first": "city-250",
        "last": "city-250", "location": "", "time": july(20), "rows": 100,
    }  # fmt: skip
    found = plan(engine, select_steps(), **values)
    assert re.search(r"predictions USING PRIMARY KEY|Scan using pk_predictions", found), found
    whole = re.compile(r"SCAN (predictions|last)(?! USING)|Seq Scan on predictions")
    assert whole.search(found) is None, found
    planted = select(tables.predictions).where(tables.predictions.c.lower > 1)
    assert whole.search(plan(engine, planted)) is not None
