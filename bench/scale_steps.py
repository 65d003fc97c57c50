"""One step for so many synthetic cities: python -m bench.scale_steps STEP N FOLDER.

Prints rows of results as JSON. What a step needs, the step before it has left in the folder or in
the database of TRIPTYCH_DATABASE_URL.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench import cities
from bench.alone import peak_mb

YEARS = (
    "fits on three years of 3-hour temperatures, pooled models on 13 months of them; preparation, "
    "writing and forecasts on ten days of hours of nine variables; one process, one thread"
)
# By step: the databases that it is measured on, "" for none.
STEPS: dict[str, tuple[str, ...]] = {
    "prepare": ("",),
    "fit": ("",),
    "pool": ("",),
    "write": ("SQLite", "PostgreSQL"),
    "predict": ("SQLite", "PostgreSQL"),
    "read": ("SQLite", "PostgreSQL"),
}
_BATCH = 200
_DAYS = 10
_HOURS = 24 * _DAYS
_LEADS = 24
_AGAIN = 300  # requests to the API

Row = dict[str, Any]


class Stopwatch:
    """Seconds of what is measured, without what is not."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count what happens within."""
        started = time.perf_counter()
        yield
        self.seconds += time.perf_counter() - started


def prepare(count: int, _: Path) -> list[Row]:
    """Hours to the forecasters' history."""
    from triptych.parameters import PreprocessingParameters
    from triptych.pipelines.preprocessing.nodes import build_history

    watch, limit = Stopwatch(), PreprocessingParameters(interpolation_limit_hours=6)
    for first, size in _batches(count):
        hours, places = cities.hours(first, size, _HOURS), cities.places(first, size)
        with watch.running():
            build_history(hours, places, limit)
    return _rows("prepare", watch.seconds, count * _HOURS, "hours")


def fit(count: int, folder: Path) -> list[Row]:
    """Harmonic climatology and AR(24) of every city; the model to files and back."""
    from triptych.forecasting.catalogue import make_forecaster
    from triptych.forecasting.joined import fit_part
    from triptych.forecasting.storage import load_forecaster, save_forecaster

    watch, model = Stopwatch(), make_forecaster("ar", {}, max_lead=_LEADS, seed=0)
    parts = []
    for first, size in _batches(count):
        history = cities.history(first, size, 3 * 365)
        with watch.running():
            parts.append(fit_part(model, history))
    with watch.running():
        model.join(parts)
    model.intervals = _intervals()
    rows = _rows("fit, climatology and AR(24)", watch.seconds, count, "cities", "at most 30")
    stored, kept = Stopwatch(), folder / f"model-{count}"
    with stored.running():
        save_forecaster(model, kept)
        load_forecaster(kept)
    size_mb = sum(file.stat().st_size for file in kept.iterdir()) / 1e6
    return [*rows, _row("model to files and back", stored.seconds, "s", f"{size_mb:.1f} MB")]


def pool(count: int, _: Path) -> list[Row]:
    """One ridge and one LightGBM for all cities, of twenty origins each."""
    from triptych.forecasting.catalogue import make_forecaster
    from triptych.forecasting.joined import fit_part

    rows = []
    for name, more in (("pooled_ridge", {}), ("lightgbm", {"trees": (50,)})):
        parameters = {"neighbours": 0, "origins": 160 if name == "pooled_ridge" else 20, **more}
        model = make_forecaster(name, parameters, max_lead=8, seed=0)
        watch, parts = Stopwatch(), []
        for first, size in _batches(count):
            history = cities.history(first, size, 400)
            with watch.running():
                parts.append(fit_part(model, history))
        with watch.running():
            model.join(parts)
        rows += _rows(f"fit, {name}", watch.seconds, count, "cities")
    return rows


def write(count: int, _: Path) -> list[Row]:
    """Hours and predictions into their tables, each batch a transaction; and predictions again."""
    from bench.api_tables import MODELS, add_models
    from triptych.datasets import SqlTableDataset
    from triptych.store.database import open_database

    engine = open_database(_url())
    SqlTableDataset(table="locations", credentials={"url": _url()}).save(cities.places(0, count))
    add_models(engine)
    watch, table = Stopwatch(), SqlTableDataset(table="weather_hourly", credentials=_credentials())
    for first, size in _batches(count):
        hours = cities.hours(first, size, _HOURS).assign(source="bench")
        with watch.running():
            table.save(hours)
    rows = _rows("write weather_hourly", watch.seconds, count * _HOURS, "rows")
    days = max(1, 240_000 // (count * _LEADS))  # of forecasts: always about as many rows
    given = pd.concat([_predictions(count, MODELS[0], day) for day in range(min(days, 400))])
    for what in ("write predictions", "write predictions again, unchanged"):
        watch = Stopwatch()
        with watch.running():
            SqlTableDataset(table="predictions", credentials=_credentials()).save(given)
        rows += _rows(what, watch.seconds, len(given), "rows", "at least 100,000 rows/s")
    return rows


def predict(count: int, folder: Path) -> list[Row]:
    """The nodes of batch_inference: from the registered model to rows in the database."""
    from triptych.datasets import SqlReaderDataset, SqlTableDataset
    from triptych.parameters import BatchParameters, EngineParameters, PreprocessingParameters
    from triptych.pipelines.batch_inference import nodes

    registered, registry = Stopwatch(), _registry(folder)
    with registered.running():
        registry.register(_candidate(count, folder))
    engine, batch = EngineParameters(batch_locations=_BATCH), BatchParameters(history_days=_DAYS)
    limit = PreprocessingParameters(interpolation_limit_hours=6)
    as_of = f"{cities.END:%Y-%m-%d}"
    watch = Stopwatch()
    with watch.running():
        places = SqlTableDataset(table="locations", credentials=_credentials()).load()
        chosen = nodes.choose_models(registry, places, None, "sample", as_of, as_of, batch)
        reader = SqlReaderDataset(table="weather_hourly", credentials=_credentials()).load()
        known = nodes.prepare_history(
            reader, pd.DataFrame(), places, chosen, as_of, as_of, limit, batch, engine
        )
        made = nodes.forecast_locations(known, chosen, registry, as_of, as_of, 3, batch, engine)
        for table, frame in made.items():
            SqlTableDataset(table=table, credentials=_credentials()).save(frame)
    if len(made["predictions"]) != count * _LEADS:
        raise RuntimeError(f"{len(made['predictions'])} rows were made of {count * _LEADS}")
    return [
        _row("register the model", registered.seconds, "s", "MLflow and the table models"),
        *_rows("batch inference, written", watch.seconds, count * _LEADS, "rows", "at most 90"),
    ]


def read(count: int, _: Path) -> list[Row]:
    """Predictions as a frame, and by requests to the API."""
    from fastapi.testclient import TestClient

    from api.main import create_app
    from triptych.datasets import SqlTableDataset

    watch = Stopwatch()
    with watch.running():
        found = SqlTableDataset(table="predictions", credentials=_credentials()).load()
    rows = _rows("read predictions", watch.seconds, len(found), "rows")
    random, took = np.random.default_rng(0), []
    with TestClient(create_app()) as client:
        for number in range(_AGAIN):
            slug = cities.slugs(int(random.integers(count)), 1)[0]
            query = {"date": f"{cities.END:%Y-%m-%d}", "location": slug, "limit": 8 + number}
            started = time.perf_counter()
            answer = client.get("/predictions", params=query)
            took.append(time.perf_counter() - started)
            if answer.status_code != 200 or answer.json()["count"] != 8:
                raise RuntimeError(f"The API answered {answer.status_code}: {answer.text[:200]}")
    return [*rows, _row("GET /predictions", 1000 * statistics.median(took), "ms", "median of 300")]


def _batches(count: int) -> list[tuple[int, int]]:
    return [(first, min(_BATCH, count - first)) for first in range(0, count, _BATCH)]


def _rows(what: str, seconds: float, number: int, of: str, beside: str = "") -> list[Row]:
    rate = f"{number / seconds:,.0f} {of}/s; peak {peak_mb():,.0f} MB"
    told = f"{rate}; {beside}" if beside else rate
    return [_row(what, seconds, "s", told)]


def _row(what: str, value: float, unit: str, beside: str) -> Row:
    return {"what": what, "value": round(value, 3), "unit": unit, "beside": beside}


def _url() -> str:
    return os.environ["TRIPTYCH_DATABASE_URL"]


def _credentials() -> dict[str, Any]:
    return {"url": _url()}


def _predictions(count: int, model_id: str, day: int) -> pd.DataFrame:
    """A day's forecasts of every city, before those of `predict`."""
    as_of = cities.END - pd.Timedelta(days=day + 10)
    leads = np.tile(np.arange(1, _LEADS + 1), count)
    value = np.round(10 + 5 * np.sin(leads + day), 2)
    return pd.DataFrame(
        {
            "model_id": model_id,
            "location": np.repeat(cities.slugs(0, count), _LEADS),
            "as_of": as_of,
            "time": as_of + pd.to_timedelta(3 * (leads - 1), unit="h"),
            "lead": leads,
            "temperature_2m": value,
            "lower": value - 2,
            "upper": value + 2,
            "level": 0.9,
            "known_until": as_of,
        }
    )


def _intervals() -> Any:
    from triptych.forecasting.conformal import Intervals

    leads = np.array([1, _LEADS])
    return Intervals((), leads, np.empty((0, 2)), np.array([1.0, 4.0]))


def _registry(folder: Path) -> Any:
    import mlflow

    from triptych.registry.models import ModelRegistry
    from triptych.store.database import open_database

    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    mlflow.set_registry_uri(f"sqlite:///{folder}/mlflow.db")
    if mlflow.get_experiment_by_name("bench") is None:
        mlflow.create_experiment("bench", artifact_location=f"{folder}/artifacts")
    mlflow.set_experiment("bench")
    return ModelRegistry(open_database(_url()), Path(__file__).parent.parent)


def _candidate(count: int, folder: Path) -> Any:
    from triptych.forecasting.storage import load_forecaster
    from triptych.registry.candidate import Candidate
    from triptych.registry.naming import model_name

    model = load_forecaster(folder / f"model-{count}")
    scores = {"n": 1, "rmse": 1.0, "skill_day": 0.1, "skill_climatology": 0.1, "coverage": 0.9}
    return Candidate(
        name=model_name(model.locations),
        algorithm=model.name,
        forecaster=model,
        example=cities.history(0, 5, 30),
        locations=list(model.locations),
        train_start=model.train_start.to_pydatetime(),
        train_end=model.train_end.to_pydatetime(),
        as_of=cities.END.to_pydatetime() + timedelta(0),
        parameters=model.parameters,
        features=list(model.feature_names),
        metrics=dict.fromkeys(["all", *model.locations], scores),
        data_sha256="0" * 64,
        promote_first=True,
    )


def main(step: str, count: str, folder: str) -> None:
    """Run one step and print what it took."""
    steps: dict[str, Callable[[int, Path], list[Row]]] = {
        each.__name__: each for each in (prepare, fit, pool, write, predict, read)
    }
    sys.stdout.write(json.dumps(steps[step](int(count), Path(folder))) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
