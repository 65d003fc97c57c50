"""Values come back as they went in, alike on both databases."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, insert, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import StatementError

from tests.store.rows import MODEL
from triptych.store.engine import reading
from triptych.store.tables import models
from triptych.store.types import Json


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


def test_an_instant_without_zone_is_refused(engine: Engine) -> None:
    naive = datetime(2019, 7, 14)
    with pytest.raises(StatementError, match="needs its time zone"), engine.begin() as connection:
        connection.execute(insert(models).values(MODEL | {"created_at": naive}))


def test_a_document_comes_back(engine: Engine) -> None:
    for number, document in enumerate(
        [{"b": [1, 2.5, None, True], "a": {"d": "é", "c": {}}}, ["lag_1"], {}, {"9": 1, "10": 2}]
    ):
        row = MODEL | {"metrics": document, "model_id": str(number), "version": number}
        with engine.begin() as connection:
            connection.execute(insert(models).values(row))
        with reading(engine) as connection:
            found = select(models.c.metrics).where(models.c.version == number)
            assert connection.scalars(found).one() == document


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"b": 1, "a": 2}, '{"a": 2, "b": 1}'),
        ({"x": float("nan")}, '{"x": null}'),
        ({"x": (1, 2)}, '{"x": [1, 2]}'),
        ({1: datetime(2019, 7, 14, tzinfo=UTC)}, '{"1": "2019-07-14T00:00:00+00:00"}'),
        (
            {"n": np.int64(3), "x": np.array([1.5, np.nan]), "f": np.float32(0.5)},
            '{"f": 0.5, "n": 3, "x": [1.5, null]}',
        ),
        (None, None),
    ],
)
def test_what_json_cannot_hold_is_converted(sqlite_dialect: Any, given: Any, text: Any) -> None:
    bind = Json().dialect_impl(sqlite_dialect).bind_processor(sqlite_dialect)
    assert bind is not None
    assert bind(given) == text


@pytest.mark.parametrize("value", [float("inf"), object(), {"x": {1, 2}}])
def test_what_json_never_holds_is_refused(sqlite_dialect: Any, value: Any) -> None:
    with pytest.raises(ValueError, match="JSON holds no"):
        Json().process_bind_param(value, sqlite_dialect)


@pytest.fixture
def sqlite_dialect() -> Any:
    return sqlite.dialect()
