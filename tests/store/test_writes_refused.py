"""Rows that must not enter: refused whole, with one clear message, alike on both databases."""

import math
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, select

from tests.fixtures.databases import dump_tables
from tests.store.rows import MODEL, WEATHER_COLUMNS, hours
from triptych.store.engine import reading
from triptych.store.errors import RowsRefused, StoreError
from triptych.store.tables import (
    models,
    weather_hourly,
)
from triptych.store.writes import upsert


def write(engine: Engine, rows: Any, columns: list[str] = WEATHER_COLUMNS) -> int:
    with engine.begin() as connection:
        return upsert(connection, weather_hourly, columns, rows)


def test_a_repeated_key_is_refused(places: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("triptych.store.writes._CHUNK", 2)  # the two are in different chunks
    with pytest.raises(RowsRefused) as caught:
        write(places, hours(3) + hours(1))
    assert str(caught.value) == (
        "Rows for weather_hourly repeat the key (location, time): "
        "paris, 2019-07-14 00:00:00+00:00. A key comes once in a batch. "
        "Remove the repeated rows; nothing was written."
    )
    assert dump_tables(places)["weather_hourly"] == []


def test_an_unknown_location_is_refused(places: Engine) -> None:
    with pytest.raises(RowsRefused) as caught:
        write(places, hours(2) + hours(2, "atlantis") + hours(1, "avalon"))
    assert str(caught.value) == (
        "Rows for weather_hourly name a location that locations does not hold: atlantis, avalon. "
        "Write locations first; nothing was written."
    )
    assert dump_tables(places)["weather_hourly"] == []


def test_many_mistakes_make_a_short_message(places: Engine) -> None:
    rows = [row for n in range(1_000) for row in hours(1, f"nowhere-{n:04}")]
    with pytest.raises(RowsRefused) as caught:
        write(places, rows)
    assert "nowhere-0000, nowhere-0001, nowhere-0002, nowhere-0003, nowhere-0004." in str(
        caught.value
    )
    with pytest.raises(RowsRefused) as caught:
        write(places, hours(1_000) * 2)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"stage": "retired"}, "ck_models_stage"),
        ({"name": None}, "name"),
        ({"model_id": "b" * 64}, "name"),
    ],
    ids=["check", "not null", "unique"],
)
def test_a_broken_constraint_is_named(engine: Engine, change: Any, found: str) -> None:
    with engine.begin() as connection:
        upsert(connection, models, list(MODEL), [tuple(MODEL.values())])
    before = dump_tables(engine)
    row = MODEL | change
    with pytest.raises(RowsRefused, match=f"{found}.*Nothing of the batch was written") as caught:
        _write_model(engine, row)
    assert "database" in str(caught.value)
    assert dump_tables(engine) == before


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("temperature_2m", "warm", "weather_hourly.temperature_2m cannot hold a value: could not"),
        ("location", 75, "weather_hourly.location cannot hold a value: text is needed, got 75"),
        ("source", "a\0b", "weather_hourly.source cannot hold a value: text has no NUL character"),
        ("time", "2019-07-14", "weather_hourly.time cannot hold a value: an instant is"),
        ("time", datetime(2019, 7, 14), "An instant needs its time zone; got the naive"),
    ],
)
def test_a_wrong_type_is_refused_by_both(
    places: Engine, column: str, value: Any, message: str
) -> None:
    row = list(hours(1)[0])
    row[WEATHER_COLUMNS.index(column)] = value
    with pytest.raises(RowsRefused, match="nothing was written") as caught:
        write(places, [row])
    assert message in str(caught.value)


@pytest.mark.parametrize(("given", "stored"), [(3, 3), (3.0, 3), (True, 1)])
def test_whole_numbers_are_whole(engine: Engine, given: Any, stored: int) -> None:
    _write_model(engine, MODEL | {"version": given})
    with reading(engine) as connection:
        assert connection.scalar(select(models.c.version)) == stored


@pytest.mark.parametrize("given", [3.5, "3x", math.inf, 2**31, -(2**70)])
def test_a_broken_number_is_not(engine: Engine, given: Any) -> None:
    with pytest.raises(RowsRefused, match=r"models\.version cannot hold a value"):
        _write_model(engine, MODEL | {"version": given})


def test_a_row_of_another_length_is_refused(places: Engine) -> None:
    with pytest.raises(
        RowsRefused, match=r"needs 13 values: location, time, .* has another number"
    ):
        write(places, [*hours(2), hours(1, first=2)[0][:-1]])


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            ["location", "time", "temprature"],
            "The table weather_hourly has no column temprature. "
            "Its columns are location, time, temperature_2m, ",
        ),
        (["location", "time", "time"], "A column of weather_hourly is given twice"),
        (
            ["location", "source"],
            "A row of weather_hourly needs time, fetched_at; only location, source are given.",
        ),
    ],
    ids=["unknown", "repeated", "missing"],
)
def test_columns_are_checked(places: Engine, columns: list[str], message: str) -> None:
    with pytest.raises(StoreError) as caught:
        write(places, [], columns)
    assert str(caught.value).startswith(message)


def _write_model(engine: Engine, row: dict[str, Any]) -> int:
    with engine.begin() as connection:
        return upsert(connection, models, list(row), [tuple(row.values())])
