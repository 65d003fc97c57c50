"""Writing and reading tables of synthetic cities."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Engine, func, select, text

from bench import cities
from bench.results import Row, Stopwatch, rate, row
from triptych.datasets import SqlTableDataset
from triptych.store.migrate import open_database
from triptych.store.tables import metadata

HOURS = 240
LEADS = 24
_ROWS = 240_000  # predictions, approximately
_MAX_DAYS = 400
_TARGETS = {"sqlite": "at least 150,000 rows/s", "postgresql": "at least 100,000 rows/s"}


def write(count: int, _: Path) -> list[Row]:
    """Write hourly values and predictions, one transaction per batch; predictions twice."""
    from bench.api_tables import MODELS, add_models

    engine = open_database(url())
    target = _TARGETS[engine.dialect.name]
    table("locations").save(cities.locations(0, count))
    add_models(engine)
    before = _bytes(engine, "weather_hourly")
    rows = [_write_hours(count, target), _bytes_per_row(engine, "weather_hourly", before)]
    before = _bytes(engine, "predictions")
    days = min(_MAX_DAYS, max(1, _ROWS // (count * LEADS)))
    predictions = pd.concat([_predictions(count, MODELS[0], day) for day in range(days)])
    for what in ("write predictions", "write predictions again, unchanged"):
        watch = Stopwatch()
        with watch.running():
            table("predictions").save(predictions)
        rows.append(rate(what, watch.seconds, len(predictions), "rows", target))
    return [*rows, _bytes_per_row(engine, "predictions", before)]


def read(count: int, _: Path) -> list[Row]:  # noqa: ARG001
    """Read all predictions."""
    watch = Stopwatch()
    with watch.running():
        found = table("predictions").load()
    return [rate("read predictions", watch.seconds, len(found), "rows")]


def url() -> str:
    """Return the URL of the step's database."""
    return os.environ["TRIPTYCH_DATABASE_URL"]


def table(name: str) -> Any:
    """Return the dataset of a table."""
    return SqlTableDataset(table=name, credentials={"url": url()})


def _write_hours(count: int, target: str) -> Row:
    watch, hourly = Stopwatch(), table("weather_hourly")
    for first, size in cities.batches(count):
        hours = cities.hours(first, size, HOURS).assign(source="bench")
        with watch.running():
            hourly.save(hours)
    return rate("write weather_hourly", watch.seconds, count * HOURS, "rows", target)


def _bytes_per_row(engine: Engine, name: str, before: int) -> Row:
    with engine.connect() as connection:
        rows = connection.scalar(select(func.count()).select_from(metadata.tables[name])) or 0
    size = (_bytes(engine, name) - before) / rows
    return row(
        f"storage of {name}", size, "bytes per row", f"{rows:,} rows, with indexes", digits=3
    )


def _bytes(engine: Engine, name: str) -> int:
    """Return the size of a table with its indexes; on SQLite, of all tables."""
    query = f"SELECT pg_total_relation_size('{name}')"
    if engine.dialect.name == "sqlite":
        query = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    with engine.connect() as connection:
        return int(connection.scalar(text(query)) or 0)


def _predictions(count: int, model_id: str, day: int) -> pd.DataFrame:
    """Return one day's forecasts of each city, earlier than those of `predict`."""
    as_of = cities.END - pd.Timedelta(days=day + 10)
    leads = np.tile(np.arange(1, LEADS + 1), count)
    value = np.round(10 + 5 * np.sin(leads + day), 2)
    return pd.DataFrame(
        {
            "model_id": model_id,
            "location": np.repeat(cities.slugs(0, count), LEADS),
            "as_of": as_of,
            "time": as_of + pd.to_timedelta(3 * (leads - 1), unit="h"),
            "lead": leads,
            "temperature_2m": value,
            "lower": value - 2,
            "upper": value + 2,
            "level": 0.9,
            "known_until": as_of,
            "method": "model",
        }
    )
