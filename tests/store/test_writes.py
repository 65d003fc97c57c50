"""Keyed writes on both databases: all or nothing, also when killed, once or twice the same."""

import math
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, inspect, select, text

from tests.fixtures.databases import dump_tables, write_rows
from tests.store.rows import (
    FETCHED,
    MODEL,
    START,
    WEATHER_COLUMNS,
    add_places,
    hours,
    place,
    write_model,
)
from triptych.store.engine import reading
from triptych.store.errors import RowsRefused
from triptych.store.tables import (
    locations,
    models,
    prediction_inputs,
    weather_3h,
    weather_hourly,
)

_WRITER = """
import sys, time
from tests.store.rows import WEATHER_COLUMNS, hours
from triptych.store.migrate import open_database
from triptych.store.tables import weather_hourly
from tests.fixtures.databases import write_rows

def rows():
    yield from hours(12_000, first=1)
    if sys.argv[2] == "while loading":
        stop()
    yield from hours(12_000, first=12_001)

def stop():
    print("now", flush=True)
    time.sleep(60)

with open_database(sys.argv[1]).begin() as connection:
    write_rows(connection, weather_hourly, WEATHER_COLUMNS, rows())
    stop()
"""


def write(
    engine: Engine, rows: Any, columns: list[str] = WEATHER_COLUMNS, chunk: int = 10_000
) -> int:
    with engine.begin() as connection:
        return write_rows(connection, weather_hourly, columns, rows, chunk)


def stored(engine: Engine, table: str = "weather_hourly") -> list[tuple[Any, ...]]:
    return dump_tables(engine)[table]


class TestUpsert:
    def test_rows_are_written_once(self, places: Engine) -> None:
        assert write(places, []) == 0
        assert write(places, hours(3)) == 3
        before = dump_tables(places)
        assert before["weather_hourly"] == hours(3)
        assert write(places, hours(3)) == 0
        assert dump_tables(places) == before
        key = inspect(places).get_pk_constraint("weather_hourly")
        assert key["constrained_columns"] == ["location", "time"]
        with pytest.raises(RowsRefused), places.begin() as connection:
            connection.execute(
                weather_hourly.insert().values(dict(zip(WEATHER_COLUMNS, hours(1)[0], strict=True)))
            )

    def test_only_rows_that_differ_count_and_others_stay(self, places: Engine) -> None:
        write(places, hours(3))
        rows = [list(row) for row in hours(3)]
        rows[0][2], rows[1][5] = -7.5, 3.25
        assert write(places, rows) == 2
        assert write(places, hours(2, first=2)) == 1
        assert stored(places) == [*map(tuple, rows), *hours(1, first=3)]
        assert write(places, hours(2, "brest")) == 2
        assert len(stored(places)) == 6

    def test_a_null_does_not_replace_a_known_value(self, places: Engine) -> None:
        """Sources answer null now and then for hours that they had before."""
        (row,) = hours(1)
        hollow = (*row[:2], None, *row[3:])
        assert [write(places, [each]) for each in (hollow, hollow, row, hollow)] == [1, 0, 1, 0]
        corrected = (*row[:2], None, 7.5, *row[4:])
        assert write(places, [corrected]) == 1
        assert stored(places) == [(*row[:3], 7.5, *row[4:])]

    def test_a_computed_value_may_become_null(self, places: Engine) -> None:
        columns = ["location", "time", "temperature_2m", "hours_observed", "hours_interpolated"]
        with places.begin() as connection:
            for value in (7.5, None):
                row = ("paris", START, value, 3, 0)
                assert write_rows(connection, weather_3h, columns, [row]) == 1

    def test_the_time_of_writing_is_no_difference(self, places: Engine) -> None:
        later = FETCHED + timedelta(days=1)
        (row,) = hours(1)
        write(places, [row])
        assert write(places, [(*row[:-1], later)]) == 0
        assert stored(places) == [row]
        changed = (*row[:2], -7.5, *row[3:-1], later)
        assert write(places, [changed]) == 1
        assert stored(places) == [changed]

    def test_columns_that_are_not_given_stay(self, places: Engine) -> None:
        write(places, hours(2))
        some = ["time", "location", "temperature_2m", "fetched_at", "source"]
        (first, second) = hours(2)
        assert write(places, [(first[1], "paris", -7.5, FETCHED, "sample")], some) == 1
        assert stored(places) == [(*first[:2], -7.5, *first[3:]), second]

    def test_documents_are_compared_by_content(self, places: Engine) -> None:
        columns = ["model_id", "location", "as_of", "inputs"]
        stages = ("candidate", "candidate", "production")
        assert [write_model(places, stage=stage) for stage in stages] == [1, 0, 1]
        for inputs, written in [
            ({"a": 1.5, "b": [1, None]}, 1),
            ({"b": [1, math.nan], "a": 1.5}, 0),
            ({"a": 1.5, "b": [1, 2]}, 1),
        ]:
            row = (MODEL["model_id"], "paris", START, inputs)
            with places.begin() as connection:
                assert write_rows(connection, prediction_inputs, columns, [row]) == written


class TestTransactions:
    def test_many_chunks_are_one_write(self, places: Engine) -> None:
        assert write(places, iter(hours(50)), chunk=7) == 50
        assert stored(places) == hours(50)

    def test_writes_may_share_a_transaction_also_with_a_refused_one(self, places: Engine) -> None:
        with places.begin() as connection:
            assert write_rows(connection, weather_hourly, WEATHER_COLUMNS, hours(2)) == 2
            with pytest.raises(RowsRefused):
                write_rows(connection, weather_hourly, WEATHER_COLUMNS, hours(4) + hours(1))
            assert write_rows(connection, weather_hourly, WEATHER_COLUMNS, hours(3)) == 1
        assert stored(places) == hours(3)

    def test_many_may_write_at_once(self, places: Engine) -> None:
        shifts = range(0, 120, 30)  # half of each write's rows are the next one's too
        with ThreadPoolExecutor(len(shifts)) as pool:
            written = list(pool.map(lambda first: write(places, hours(60, first=first)), shifts))
        assert sum(written) == 150
        assert stored(places) == hours(150)

    def test_a_failure_takes_the_whole_transaction_back(self, places: Engine) -> None:
        write(places, hours(3))
        before = dump_tables(places)

        def planted() -> Iterator[Any]:
            yield from hours(2, first=10)
            raise RuntimeError("planted")

        with pytest.raises(RuntimeError, match="planted"), places.begin() as connection:
            write_rows(connection, weather_hourly, WEATHER_COLUMNS, hours(3, "brest"))
            write_rows(connection, weather_hourly, WEATHER_COLUMNS, planted())
        assert dump_tables(places) == before


class TestValues:
    def test_any_text_comes_back(self, engine: Engine) -> None:
        class Slug(str):
            pass

        names = ["l'Île-d'Yeu", "a\tb\nc\\d", "\\N", "", "北京", "'; DROP TABLE x"]
        rows = [(f"place-{n}", name, *place("x")[2:]) for n, name in enumerate(names)]
        given = [(Slug(row[0]), *row[1:]) for row in rows]
        with engine.begin() as connection:
            write_rows(connection, locations, locations.columns.keys(), given)
        assert stored(engine, "locations") == rows

    def test_nan_is_null(self, places: Engine) -> None:
        missing = [None, math.nan, float("-nan"), Decimal("NaN")]
        rows = zip(hours(4), missing, strict=True)
        write(places, [(*row[:2], value, *row[3:]) for row, value in rows])
        with reading(places) as connection:
            nulls = text("SELECT count(*) FROM weather_hourly WHERE temperature_2m IS NULL")
            assert connection.scalar(nulls) == 4

    def test_whole_numbers_are_stored(self, engine: Engine) -> None:
        for given in (3, 3.0, True):
            write_model(engine, version=given)
            with reading(engine) as connection:
                assert connection.scalar(select(models.c.version)) == given


class TestRefused:
    def test_a_repeated_key(self, places: Engine) -> None:
        with pytest.raises(RowsRefused) as caught:
            write(places, hours(3) + hours(1), chunk=2)
        assert str(caught.value) == (
            "Rows for weather_hourly repeat the key (location, time): "
            "paris, 2019-07-14 00:00:00+00:00. A key comes once in a batch. "
            "Remove the repeated rows; nothing was written."
        )
        assert stored(places) == []

    def test_unknown_locations_of_which_a_few_are_named(self, places: Engine) -> None:
        rows = [row for n in range(1_000) for row in hours(1, f"nowhere-{n:04}")]
        with pytest.raises(RowsRefused) as caught:
            write(places, hours(2) + rows)
        names = ", ".join(f"nowhere-{n:04}" for n in range(5))
        assert str(caught.value) == (
            "Rows for weather_hourly name a location that locations does not hold: "
            f"{names}. Write locations first; nothing was written."
        )
        assert stored(places) == []

    @pytest.mark.parametrize(
        ("change", "found"),
        [
            ({"stage": "retired"}, "ck_models_stage"),
            ({"name": None}, "name"),
            ({"model_id": "b" * 64}, "name"),
        ],
        ids=["check", "not null", "unique"],
    )
    def test_a_broken_constraint(self, engine: Engine, change: Any, found: str) -> None:
        write_model(engine)
        before = dump_tables(engine)
        message = f"database.*{found}.*Nothing of the batch was written"
        with pytest.raises(RowsRefused, match=f"(?s){message}"):
            write_model(engine, **change)
        assert dump_tables(engine) == before

    @pytest.mark.parametrize(
        ("column", "value", "message"),
        [
            ("temperature_2m", "warm", "temperature_2m cannot hold a value: could not"),
            ("location", 75, "location cannot hold a value: text is needed, got 75"),
            ("source", "a\0b", "source cannot hold a value: text has no NUL character"),
            ("time", "2019-07-14", "time cannot hold a value: an instant is"),
            ("time", datetime(2019, 7, 14), "An instant needs its time zone; got the naive"),
        ],
    )
    def test_a_wrong_type(self, places: Engine, column: str, value: Any, message: str) -> None:
        row = list(hours(1)[0])
        row[WEATHER_COLUMNS.index(column)] = value
        with pytest.raises(RowsRefused, match=f"{message}.*nothing was written"):
            write(places, [row])

    @pytest.mark.parametrize("given", [3.5, "3x", math.inf, 2**31, -(2**70)])
    def test_a_broken_number(self, engine: Engine, given: Any) -> None:
        with pytest.raises(RowsRefused, match=r"models\.version cannot hold a value"):
            write_model(engine, version=given)


@pytest.mark.parametrize("moment", ["while loading", "before the commit"])
def test_kill_9_leaves_nothing_half_written(engine: Engine, moment: str) -> None:
    add_places(engine, "paris")
    with engine.begin() as connection:
        write_rows(connection, weather_hourly, WEATHER_COLUMNS, hours(1))
    before = dump_tables(engine)
    url = engine.url.render_as_string(hide_password=False)
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, url, moment], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "now\n"
    writer.kill()
    writer.communicate()
    assert writer.returncode == -signal.SIGKILL
    assert dump_tables(engine) == before
    with engine.begin() as connection:  # nothing is locked, no temporary table is left
        assert write_rows(connection, weather_hourly, WEATHER_COLUMNS, hours(24_001)) == 24_000
    assert dump_tables(engine)["weather_hourly"] == hours(24_001)
