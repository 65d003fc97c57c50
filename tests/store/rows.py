"""Rows to write in the tests of the store."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from tests.fixtures.databases import write_rows
from triptych.store.tables import WEATHER_VARIABLES, locations, models

START = datetime(2019, 7, 14, tzinfo=UTC)
FETCHED = datetime(2019, 7, 20, 5, 30, tzinfo=UTC)
WEATHER_COLUMNS = ["location", "time", *WEATHER_VARIABLES, "source", "fetched_at"]
MODEL: dict[str, Any] = {
    "model_id": "a" * 64,
    "kind": "temperature",
    "name": "ridge",
    "version": 1,
    "algorithm": "ridge",
    "locations": ["brest", "paris"],
    "train_start": datetime(2010, 1, 1, tzinfo=UTC),
    "train_end": datetime(2019, 1, 1, tzinfo=UTC),
    "as_of": datetime(2019, 1, 1, tzinfo=UTC),
    "parameters": {"alpha": 10.0, "leads": [1, 8]},
    "features": ["lag_1"],
    "metrics": {"rmse": 1.6},
    "mlflow_run_id": "0" * 32,
    "model_uri": "models:/m-1",
    "data_sha256": "d" * 64,
    "git_commit": "e" * 40,
    "stage": "candidate",
    "created_at": datetime(2019, 1, 2, tzinfo=UTC),
}


def place(location: str) -> tuple[Any, ...]:
    """A row of `locations`."""
    return (location, location.title(), 48.86, 2.35, 42.0, "Europe/Paris", "sample")


def add_places(engine: Engine, *names: str) -> None:
    """Write locations."""
    with engine.begin() as connection:
        write_rows(connection, locations, locations.columns.keys(), [place(name) for name in names])


def write_model(engine: Engine, **changes: Any) -> int:
    """Write MODEL with changes; give the number of rows that were written."""
    row = MODEL | changes
    with engine.begin() as connection:
        return write_rows(connection, models, list(row), [tuple(row.values())])


def hours(number: int, location: str = "paris", first: int = 0) -> list[tuple[Any, ...]]:
    """Rows of `weather_hourly`, in the order of WEATHER_COLUMNS; no two values are alike."""
    return [
        (
            location,
            START + timedelta(hours=hour),
            *(hour + n / 10 for n in range(len(WEATHER_VARIABLES))),
            "sample",
            FETCHED,
        )
        for hour in range(first, first + number)
    ]
