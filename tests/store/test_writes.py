"""Keyed writes: once or twice the same, all or nothing, and a clear no."""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, inspect, select, text

from tests.fixtures.databases import dump_tables
from tests.store.rows import FETCHED, MODEL, START, WEATHER_COLUMNS, hours, place
from triptych.store.engine import reading
from triptych.store.errors import RowsRefused
from triptych.store.tables import (
    ingested_periods,
    locations,
    models,
    prediction_inputs,
    weather_3h,
    weather_hourly,
)
from triptych.store.writes import upsert


def write(engine: Engine, rows: Any, columns: list[str] = WEATHER_COLUMNS) -> int:
    with engine.begin() as connection:
        return upsert(connection, weather_hourly, columns, rows)


def test_writes_rows_and_says_how_many(places: Engine) -> None:
    assert write(places, hours(3)) == 3
    with reading(places) as connection:
        rows = connection.execute(select(weather_hourly).order_by(weather_hourly.c.time)).all()
    assert [tuple(row) for row in rows] == hours(3)


def test_a_second_write_changes_nothing(places: Engine) -> None:
    write(places, hours(3))
    before = dump_tables(places)
    assert write(places, hours(3)) == 0
    assert dump_tables(places) == before


def test_rows_of_other_keys_stay(places: Engine) -> None:
    write(places, hours(3))
    assert write(places, hours(2, first=2)) == 1
    assert write(places, hours(2, "brest")) == 2
    assert len(dump_tables(places)["weather_hourly"]) == 6


def test_only_rows_that_differ_count(places: Engine) -> None:
    write(places, hours(3))
    rows = [list(row) for row in hours(3)]
    rows[0][2], rows[1][5] = -7.5, 3.25
    assert write(places, rows) == 2
    assert dump_tables(places)["weather_hourly"] == [tuple(row) for row in rows]


def test_a_missing_value_comes_and_a_known_one_stays(places: Engine) -> None:
    """Sources answer null now and then for hours that they had before."""
    (row,) = hours(1)
    hollow = (*row[:2], None, *row[3:])
    assert write(places, [hollow]) == 1
    assert write(places, [hollow]) == 0
    assert write(places, [row]) == 1
    assert write(places, [hollow]) == 0
    corrected = (*row[:2], None, 7.5, *row[4:])
    assert write(places, [corrected]) == 1
    assert dump_tables(places)["weather_hourly"] == [(*row[:3], 7.5, *row[4:])]


def test_what_is_computed_may_become_missing(places: Engine) -> None:
    columns = ["location", "time", "temperature_2m", "hours_observed", "hours_interpolated"]
    with places.begin() as connection:
        for value in (7.5, None):
            row = ("paris", START, value, 3, 0)
            assert upsert(connection, weather_3h, columns, [row]) == 1


@pytest.mark.parametrize("missing", [None, math.nan, float("-nan"), Decimal("NaN")])
def test_nan_is_null(places: Engine, missing: Any) -> None:
    (row,) = hours(1)
    write(places, [(*row[:2], missing, *row[3:])])
    with reading(places) as connection:
        found = connection.scalar(
            text("SELECT count(*) FROM weather_hourly WHERE temperature_2m IS NULL")
        )
    assert found == 1


def test_bookkeeping_is_no_difference(places: Engine) -> None:
    later = FETCHED + timedelta(days=1)
    (row,) = hours(1)
    write(places, [row])
    assert write(places, [(*row[:-1], later)]) == 0
    assert dump_tables(places)["weather_hourly"] == [row]
    changed = (*row[:2], -7.5, *row[3:-1], later)
    assert write(places, [changed]) == 1
    assert dump_tables(places)["weather_hourly"] == [changed]


def test_columns_that_are_not_given_stay(places: Engine) -> None:
    write(places, hours(2))
    some = ["time", "location", "temperature_2m", "fetched_at", "source"]
    (first, second) = hours(2)
    assert write(places, [(first[1], "paris", -7.5, FETCHED, "sample")], some) == 1
    expected = (*first[:2], -7.5, *first[3:])
    assert dump_tables(places)["weather_hourly"] == [expected, second]


def test_the_key_is_still_there(places: Engine) -> None:
    write(places, hours(2))
    write(places, hours(2))
    key = inspect(places).get_pk_constraint("weather_hourly")
    assert key["constrained_columns"] == ["location", "time"]
    with pytest.raises(RowsRefused), places.begin() as connection:
        connection.execute(
            weather_hourly.insert().values(dict(zip(WEATHER_COLUMNS, hours(1)[0], strict=True)))
        )


def test_documents_are_compared_by_what_they_say(places: Engine) -> None:
    columns = ["model_id", "location", "as_of", "inputs"]
    with places.begin() as connection:
        upsert(connection, models, list(MODEL), [tuple(MODEL.values())])
    for inputs, written in [
        ({"a": 1.5, "b": [1, None]}, 1),
        ({"b": [1, math.nan], "a": 1.5}, 0),
        ({"a": 1.5, "b": [1, 2]}, 1),
    ]:
        row = (MODEL["model_id"], "paris", START, inputs)
        with places.begin() as connection:
            assert upsert(connection, prediction_inputs, columns, [row]) == written


def test_a_model_keeps_its_row_through_a_change_of_stage(places: Engine) -> None:
    for stage, written in [("candidate", 1), ("candidate", 0), ("production", 1)]:
        row = MODEL | {"stage": stage}
        with places.begin() as connection:
            assert upsert(connection, models, list(row), [tuple(row.values())]) == written


def test_reserved_words_are_columns_like_others(places: Engine) -> None:
    columns = ["location", "start", "end", "source", "rows", "fetched_at"]
    row = ("paris", START, FETCHED, "sample", 24, FETCHED)
    with places.begin() as connection:
        assert upsert(connection, ingested_periods, columns, [row]) == 1
    assert dump_tables(places)["ingested_periods"] == [row]


@pytest.mark.parametrize(
    "name", ["l'Île-d'Yeu", "a\tb\nc\\d", "\\N", "", "北京", "'; DROP TABLE x"]
)
def test_any_text_comes_back(engine: Engine, name: str) -> None:
    row = ("here", name, *place("here")[2:])
    with engine.begin() as connection:
        upsert(connection, locations, locations.columns.keys(), [row])
    assert dump_tables(engine)["locations"] == [row]


def test_a_kind_of_text_is_text(engine: Engine) -> None:
    class Slug(str):
        pass

    row = (Slug("here"), *place("here")[1:])
    with engine.begin() as connection:
        upsert(connection, locations, locations.columns.keys(), [row])
    assert dump_tables(engine)["locations"] == [place("here")]


def test_no_row_is_no_write(places: Engine) -> None:
    assert write(places, []) == 0


def test_many_chunks_are_one_write(places: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("triptych.store.writes._CHUNK", 7)
    assert write(places, iter(hours(50))) == 50
    assert dump_tables(places)["weather_hourly"] == hours(50)


def test_two_writes_may_share_a_transaction(places: Engine) -> None:
    with places.begin() as connection:
        assert upsert(connection, weather_hourly, WEATHER_COLUMNS, hours(2)) == 2
        assert upsert(connection, weather_hourly, WEATHER_COLUMNS, hours(3)) == 1
    assert len(dump_tables(places)["weather_hourly"]) == 3


def test_many_may_write_at_once(places: Engine) -> None:
    shifts = range(0, 120, 30)  # half of each write's rows are the next one's too
    with ThreadPoolExecutor(len(shifts)) as pool:
        written = list(pool.map(lambda first: write(places, hours(60, first=first)), shifts))
    assert sum(written) == 150
    assert dump_tables(places)["weather_hourly"] == hours(150)


def test_a_failure_takes_the_whole_transaction_back(places: Engine) -> None:
    write(places, hours(3))
    before = dump_tables(places)

    def planted() -> Iterator[Any]:
        yield from hours(2, first=10)
        raise RuntimeError("planted")

    with pytest.raises(RuntimeError, match="planted"), places.begin() as connection:
        upsert(connection, weather_hourly, WEATHER_COLUMNS, hours(3, "brest"))
        upsert(connection, weather_hourly, WEATHER_COLUMNS, planted())
    assert dump_tables(places) == before


def test_a_refused_batch_leaves_the_transaction_usable(places: Engine) -> None:
    with places.begin() as connection:
        upsert(connection, weather_hourly, WEATHER_COLUMNS, hours(1))
        with pytest.raises(RowsRefused):
            upsert(connection, weather_hourly, WEATHER_COLUMNS, hours(2) + hours(1))
        upsert(connection, weather_hourly, WEATHER_COLUMNS, hours(1, first=5))
    assert dump_tables(places)["weather_hourly"] == [*hours(1), *hours(1, first=5)]
