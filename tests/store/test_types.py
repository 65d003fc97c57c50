"""Values come back as they went in, alike on both databases."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import StatementError

from tests.store.rows import MODEL, add_places, hours
from triptych.store.engine import reading
from triptych.store.tables import models, weather_hourly
from triptych.store.types import Json, UtcDateTime


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (datetime(2019, 7, 14, 6, tzinfo=UTC), datetime(2019, 7, 14, 6, tzinfo=UTC)),
        (
            datetime(2019, 7, 14, 1, 30, tzinfo=timezone(timedelta(hours=2))),
            datetime(2019, 7, 13, 23, 30, tzinfo=UTC),
        ),
        (
            datetime(2019, 7, 14, 6, 0, 1, 999_999, tzinfo=UTC),
            datetime(2019, 7, 14, 6, 0, 1, tzinfo=UTC),
        ),
    ],
    ids=["utc", "another zone", "to the second"],
)
def test_an_instant_is_utc(engine: Engine, given: datetime, stored: datetime) -> None:
    with engine.begin() as connection:
        connection.execute(insert(models).values(MODEL | {"created_at": given}))
    with reading(engine) as connection:
        found = connection.scalars(select(models.c.created_at)).one()
        by_value = select(models.c.created_at).where(models.c.created_at == given)
        assert connection.scalars(by_value).one() == stored
    assert found == stored
    assert found.tzinfo is UTC


def test_instants_compare_and_sort(engine: Engine) -> None:
    add_places(engine, "paris")
    rows = [dict(zip(weather_hourly.columns.keys(), row, strict=True)) for row in hours(30)]
    with engine.begin() as connection:
        connection.execute(insert(weather_hourly), rows[::-1])
    noon = datetime(2019, 7, 14, 12, tzinfo=UTC)
    times = weather_hourly.c.time
    day = select(times).where(times >= noon, times < noon + timedelta(days=1)).order_by(times)
    with reading(engine) as connection:
        assert list(connection.scalars(day)) == [noon + timedelta(hours=h) for h in range(18)]


def test_an_instant_without_zone_is_refused(engine: Engine) -> None:
    naive = datetime(2019, 7, 14)
    with pytest.raises(StatementError, match="needs its time zone"), engine.begin() as connection:
        connection.execute(insert(models).values(MODEL | {"created_at": naive}))


@pytest.mark.parametrize(
    "document",
    [
        {"b": [1, 2.5, None, True], "a": {"d": "é", "c": {}}},
        ["lag_1", "solar_elevation"],
        {},
        {"9": 1, "10": 2},
    ],
)
def test_a_document_comes_back(engine: Engine, document: Any) -> None:
    with engine.begin() as connection:
        connection.execute(insert(models).values(MODEL | {"metrics": document}))
    with reading(engine) as connection:
        assert connection.scalars(select(models.c.metrics)).one() == document


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ({"b": 1, "a": 2}, '{"a": 2, "b": 1}'),
        ({"x": float("nan")}, '{"x": null}'),
        ({"x": (1, 2)}, '{"x": [1, 2]}'),
        ({1: datetime(2019, 7, 14, tzinfo=UTC)}, '{"1": "2019-07-14T00:00:00+00:00"}'),
    ],
)
def test_what_json_cannot_say_is_made_plain(sqlite_dialect: Any, given: Any, plain: str) -> None:
    bind = Json().dialect_impl(sqlite_dialect).bind_processor(sqlite_dialect)
    assert bind is not None
    assert bind(given) == plain


@pytest.mark.parametrize("value", [float("inf"), object(), {"x": {1, 2}}])
def test_what_json_never_holds_is_refused(sqlite_dialect: Any, value: Any) -> None:
    with pytest.raises(ValueError, match="JSON holds no"):
        Json().process_bind_param(value, sqlite_dialect)


def test_numpy_is_taken_as_numbers(sqlite_dialect: Any) -> None:
    numpy = pytest.importorskip("numpy")
    given = {"n": numpy.int64(3), "x": numpy.array([1.5, numpy.nan]), "f": numpy.float32(0.5)}
    taken = Json().process_bind_param(given, sqlite_dialect)
    assert taken == {"f": 0.5, "n": 3, "x": [1.5, None]}


def test_null_stays_null(sqlite_dialect: Any) -> None:
    for kind in (UtcDateTime(), Json()):
        bind = kind.dialect_impl(sqlite_dialect).bind_processor(sqlite_dialect)
        read = kind.dialect_impl(sqlite_dialect).result_processor(sqlite_dialect, None)
        assert bind is not None
        assert read is not None
        assert bind(None) is None
        assert read(None) is None


@pytest.fixture
def sqlite_dialect() -> Any:
    return sqlite.dialect()
