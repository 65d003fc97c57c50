"""A database of realistic size: two models, twenty locations, a year of daily forecasts."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Table

from triptych.store import tables
from triptych.store.engine import create_engine
from triptych.store.migrate import migrate
from triptych.store.writes import upsert

LOCATIONS = [f"city-{n:02d}" for n in range(20)]
MODELS = ["a" * 64, "b" * 64]
FIRST_DAY = datetime(2019, 1, 1, tzinfo=UTC)
DAYS = 365
LEADS = range(1, 17)
_STEP = timedelta(hours=3)


def fill(url: str) -> None:
    """Create the tables and write 233,600 predictions and 58,400 observed steps."""
    engine = create_engine(url)
    migrate(engine)
    with engine.begin() as connection:
        _write(connection, tables.locations, _LOCATION, map(_make_location, LOCATIONS))
        _add_models(connection)
        _write(connection, tables.predictions, _PREDICTION, _make_predictions())
        _write(connection, tables.weather_3h, _WEATHER, _make_weather())
    engine.dispose()


_LOCATION = ("location", "name", "latitude", "longitude", "elevation", "timezone", "source")
_MODEL = tuple(column.name for column in tables.models.columns)
_PREDICTION = tuple(column.name for column in tables.predictions.columns)
_WEATHER = ("location", "time", "temperature_2m", "hours_observed", "hours_interpolated")


def add_models(engine: Engine) -> None:
    """Write only the two models."""
    with engine.begin() as connection:
        _add_models(connection)


def _add_models(connection: Connection) -> None:
    _write(connection, tables.models, _MODEL, map(_make_model, enumerate(MODELS)))


def _write(
    connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    upsert(connection, table, columns, [list(zip(*rows, strict=True))])


def _make_location(slug: str) -> tuple[Any, ...]:
    return slug, slug, 48.0, 2.0, 35.0, "Europe/Paris", "bench"


def _make_model(numbered: tuple[int, str]) -> tuple[Any, ...]:
    version, model_id = numbered
    stage = "production" if version else "archived"
    values: dict[str, Any] = dict.fromkeys(_MODEL, "bench") | {
        "model_id": model_id,
        "kind": "temperature",
        "version": version,
        "locations": LOCATIONS,
        "parameters": {},
        "features": [],
        "metrics": {},
        "stage": stage,
        **dict.fromkeys(("train_start", "train_end", "as_of", "created_at"), FIRST_DAY),
        **dict.fromkeys(("approved_by", "approved_at", "evaluated_train_end")),
    }
    return tuple(values[name] for name in _MODEL)


def _make_predictions() -> Iterator[tuple[Any, ...]]:
    for model in MODELS:
        for number, location in enumerate(LOCATIONS):
            for day in range(DAYS):
                as_of = FIRST_DAY + timedelta(days=day)
                for lead in LEADS:
                    mean = 10.0 + number / 7 + lead / 3
                    yield (
                        model, location, as_of, as_of + _STEP * (lead - 1), lead,
                        mean, mean - 1.5, mean + 1.5, 0.9, mean - 1.0, None, as_of, "model",
                        "reanalysis (bench)", as_of,
                    )  # fmt: skip


def _make_weather() -> Iterator[tuple[Any, ...]]:
    for number, location in enumerate(LOCATIONS):
        for step in range(DAYS * 8):
            yield location, FIRST_DAY + _STEP * step, 11.0 + number / 7, 3, 0
