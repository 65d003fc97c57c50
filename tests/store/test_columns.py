"""Columns of any kind are stored value for value: also those that make their values on the way."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine, select

from tests.fixtures.databases import dump_tables
from tests.store.rows import FETCHED, MODEL, START, add_places
from triptych.store.engine import reading
from triptych.store.errors import RowsRefused
from triptych.store.tables import ingested_periods, model_transitions, models
from triptych.store.writes import upsert, upsert_columns

NUMBERS = range(1000, 1004)  # Python keeps no object of a number this large
COLUMNS = ["location", "start", "end", "source", "rows", "fetched_at"]
STARTS = [START + timedelta(days=n) for n in range(len(NUMBERS))]
EXPECTED = [
    ("paris", start, start + timedelta(days=1), "sample", number, FETCHED)
    for start, number in zip(STARTS, NUMBERS, strict=True)
]


def frame() -> pd.DataFrame:
    """The expected rows as a frame."""
    return pd.DataFrame(EXPECTED, columns=COLUMNS).astype({"rows": "int32"})


FORMS: dict[str, Callable[[], list[Any]]] = {
    "ranges and generators": lambda: [
        ("paris" for _ in STARTS),
        (START + timedelta(days=n) for n in range(4)),
        (START + timedelta(days=n + 1) for n in range(4)),
        ["sample"] * 4,
        NUMBERS,
        (FETCHED + timedelta(0) for _ in STARTS),
    ],
    "pandas columns": lambda: [frame()[name] for name in COLUMNS],
    "numpy arrays": lambda: [
        frame()[name].to_numpy(dtype="int64" if name == "rows" else object) for name in COLUMNS
    ],
    "numpy text and floats": lambda: [
        np.array(["paris"] * 4),
        frame()["start"].dt.to_pydatetime(),
        frame()["end"].dt.to_pydatetime(),
        np.array(["sample"] * 4),
        np.array(NUMBERS, dtype="float64"),
        frame()["fetched_at"].dt.to_pydatetime(),
    ],
}


@pytest.mark.parametrize("form", FORMS)
def test_each_value_is_stored_in_its_row(engine: Engine, form: str) -> None:
    add_places(engine, "paris")
    with engine.begin() as connection:
        written = upsert_columns(connection, ingested_periods, COLUMNS, [FORMS[form]()])

    assert written == len(EXPECTED)
    assert dump_tables(engine)["ingested_periods"] == EXPECTED


def test_rows_may_be_a_numpy_array(engine: Engine) -> None:
    add_places(engine, "paris")
    with engine.begin() as connection:
        upsert(connection, ingested_periods, COLUMNS, frame().to_numpy(dtype=object))

    assert dump_tables(engine)["ingested_periods"] == EXPECTED


def test_both_readings_of_a_repeated_hour_are_stored(engine: Engine) -> None:
    """Python takes 02:30 in summer time and 02:30 an hour later for equal."""
    add_places(engine, "paris")
    first = datetime(2020, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Paris"))
    starts = [first, first.replace(fold=1)]
    chunk = [["paris"] * 2, starts, [FETCHED] * 2, ["sample"] * 2, [1, 2], [FETCHED] * 2]
    with engine.begin() as connection:
        upsert_columns(connection, ingested_periods, COLUMNS, [chunk])

    found = [row[1] for row in dump_tables(engine)["ingested_periods"]]
    assert found == [datetime(2020, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1)]


@pytest.mark.parametrize(("given", "stored"), [(True, True), (np.False_, False), (1, True)])
def test_true_and_false(engine: Engine, given: Any, stored: bool) -> None:
    write_transition(engine, given)
    with reading(engine) as connection:
        assert connection.scalar(select(model_transitions.c.forced)) is stored


@pytest.mark.parametrize("given", ["no", 2])
def test_neither_true_nor_false_is_refused(engine: Engine, given: Any) -> None:
    with pytest.raises(RowsRefused, match="forced cannot hold a value: true or false is needed"):
        write_transition(engine, given)


def write_transition(engine: Engine, forced: Any) -> None:
    row = {
        "id": 1,
        "model_id": MODEL["model_id"],
        "action": "promote",
        "from_stage": "candidate",
        "to_stage": "production",
        "who": "a test",
        "why": "to see it stored",
        "forced": forced,
        "at": FETCHED,
    }
    with engine.begin() as connection:
        upsert(connection, models, list(MODEL), [tuple(MODEL.values())])
        upsert(connection, model_transitions, list(row), [tuple(row.values())])
