"""Old forecasts leave with the save of new ones, if the parameter says so; else nothing leaves."""

from typing import Any

import pandas as pd
import pytest

from tests.store.rows import MODEL, add_places
from triptych.datasets import SqlTableDataset
from triptych.store.database import open_database
from triptych.store.errors import StoreError
from triptych.store.tables import models
from triptych.store.writes import upsert


def table(url: str, keep_days: Any = None) -> SqlTableDataset:
    return SqlTableDataset(table="predictions", credentials={"url": url}, keep_days=keep_days)


def issued(day: str) -> pd.DataFrame:
    as_of = pd.Timestamp(day, tz="UTC")
    return pd.DataFrame(
        {
            "model_id": MODEL["model_id"],
            "location": "paris",
            "as_of": as_of,
            "time": [as_of, as_of + pd.Timedelta(hours=3)],
            "lead": [1, 2],
            "temperature_2m": 10.0,
            "lower": 9.0,
            "upper": 11.0,
            "level": 0.9,
            "known_until": as_of,
            "method": "model",
        }
    )


@pytest.fixture
def filled(database_url: str) -> str:
    """Forecasts of three days."""
    engine = open_database(database_url)
    add_places(engine, "paris")
    with engine.begin() as connection:
        upsert(connection, models, list(MODEL), [tuple(MODEL.values())])
    for day in ("2024-01-01", "2024-01-02", "2024-01-03"):
        table(database_url).save(issued(day))
    return database_url


def days(url: str) -> list[str]:
    return sorted({f"{as_of:%m-%d}" for as_of in table(url).load()["as_of"]})


def test_what_is_older_than_the_days_kept_is_removed(filled: str) -> None:
    assert days(filled) == ["01-01", "01-02", "01-03"]

    table(filled, keep_days=2).save(issued("2024-01-04"))
    assert days(filled) == ["01-03", "01-04"]

    table(filled, keep_days=2).save(issued("2024-01-04"))
    assert len(table(filled).load()) == 4


def test_an_older_forecast_that_is_issued_late_takes_nothing_newer_with_it(filled: str) -> None:
    table(filled, keep_days=1).save(issued("2024-01-02"))

    assert days(filled) == ["01-02", "01-03"]


@pytest.mark.parametrize("wrong", [0, -1, 1.5, "a week"])
def test_days_that_are_none_are_refused(filled: str, wrong: Any) -> None:
    with pytest.raises(StoreError, match=r"keep_days of the table predictions .* `retention`"):
        table(filled, keep_days=wrong)


def test_a_table_without_forecasts_has_no_such_days(filled: str) -> None:
    with pytest.raises(StoreError, match="a table that has as_of"):
        SqlTableDataset(table="weather_3h", credentials={"url": filled}, keep_days=3)
