"""One step for N synthetic cities: python -m bench.scale_steps STEP N FOLDER.

Prints rows of results as JSON. Steps read the output of earlier steps from the folder or from the
database TRIPTYCH_DATABASE_URL.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench import cities
from bench.results import ROOT, Row, Stopwatch, rate, row
from bench.scale_tables import HOURS, LEADS, read, table, url, write

DATA = (
    "fits on three years of 3-hour temperatures, pooled models on 13 months; preparation, writing "
    "and forecasts on ten days of hourly values of nine variables; one process, one thread"
)
# The databases of each step; "" is none.
STEPS: dict[str, tuple[str, ...]] = {
    "prepare": ("",),
    "fit": ("",),
    "pool": ("",),
    "write": ("SQLite", "PostgreSQL"),
    "predict": ("SQLite", "PostgreSQL"),
    "predict_mos": ("SQLite", "PostgreSQL"),
    "read": ("SQLite", "PostgreSQL"),
}
# Pooled models use a constant number of origins per city.
_POOLED = {
    "pooled_ridge": {"origins": 80},
    "lightgbm": {"origins": 20, "trees": (50,), "threads": 1},
}


def prepare(count: int, _: Path) -> list[Row]:
    """Make the forecasters' history of hourly values."""
    from triptych.parameters.forecasting import PreprocessingParameters
    from triptych.pipelines.preprocessing.nodes import build_history

    watch, limit = Stopwatch(), PreprocessingParameters(interpolation_limit_hours=6)
    for first, size in cities.batches(count):
        hours, locations = cities.hours(first, size, HOURS), cities.locations(first, size)
        with watch.running():
            build_history(hours, locations, limit)
    return [rate("prepare", watch.seconds, count * HOURS, "hours")]


def fit(count: int, folder: Path) -> list[Row]:
    """Fit harmonic climatology and AR(24) for each city; save and load the model."""
    from triptych.forecasting.models.factory import make_forecaster
    from triptych.forecasting.storage import load_forecaster, save_forecaster

    watch, model = Stopwatch(), make_forecaster("ar", {}, max_lead=LEADS, seed=0)
    parts = []
    for first, size in cities.batches(count):
        history = cities.history(first, size, 3 * 365)
        with watch.running():
            parts.append(model.fit_part(history))
    with watch.running():
        model.join(parts)
    model.intervals = _intervals()
    fitted = rate("fit, climatology and AR(24)", watch.seconds, count, "cities")
    fitted["beside"] += "; at most 30 s at 10,000"
    storage, file = Stopwatch(), folder / f"model-{count}"
    with storage.running():
        save_forecaster(model, file)
        load_forecaster(file)
    megabytes = f"{sum(part.stat().st_size for part in file.iterdir()) / 1e6:.1f} MB"
    return [fitted, row("save and load the model", storage.seconds, "s", megabytes, digits=3)]


def pool(count: int, _: Path) -> list[Row]:
    """Fit one ridge and one LightGBM for all cities."""
    from triptych.forecasting.models.factory import make_forecaster

    rows = []
    for name, parameters in _POOLED.items():
        model = make_forecaster(name, {"neighbours": 0, **parameters}, max_lead=8, seed=0)
        watch, parts = Stopwatch(), []
        for first, size in cities.batches(count):
            history = cities.history(first, size, 400)
            with watch.running():
                parts.append(model.fit_part(history))
        with watch.running():
            model.join(parts)
        rows.append(rate(f"fit, {name}", watch.seconds, count, "cities"))
    return rows


def predict(count: int, folder: Path) -> list[Row]:
    """Run batch inference with the autoregression."""
    from triptych.forecasting.storage import load_forecaster

    return _predict(count, folder, load_forecaster(folder / f"model-{count}"), "batch inference")


def predict_mos(count: int, folder: Path) -> list[Row]:
    """Run batch inference with MOS and the NWP forecasts of three models."""
    from triptych.forecasting.storage import load_forecaster

    for first, size in cities.batches(count):
        table("nwp_forecasts").save(cities.nwp(first, size, 3))
    model = _mos(load_forecaster(folder / f"model-{count}"))
    return _predict(count, folder, model, "batch inference with MOS")


def _mos(known: Any) -> Any:
    """Return MOS for the locations of another model, with the regressions of 20 cities repeated."""
    from triptych.forecasting.features.grid import TEMPERATURE
    from triptych.forecasting.features.nwp import nwp_column
    from triptych.forecasting.models.mos import MosForecaster

    few = cities.history(0, 20, 400)
    noise = np.random.default_rng(0)
    for name in cities.NWP_MODELS:
        for day in (1, 2, 3):
            few[nwp_column(name, day)] = few[TEMPERATURE] + noise.normal(0, day, len(few))
    model = MosForecaster(max_lead=LEADS).fit(few)
    rows = np.arange(len(known.locations)) % 20
    model.state = {n: own if n == "models" else own[rows] for n, own in model.state.items()}
    model.climatology, model.intervals = known.climatology, known.intervals
    return model


def _predict(count: int, folder: Path, model: Any, what: str) -> list[Row]:
    """Run the nodes of batch_inference, from the registered model to rows in the database."""
    from triptych.datasets.sql_table import TableReader
    from triptych.parameters.forecasting import (
        BatchParameters,
        EngineParameters,
        NwpParameters,
        PreprocessingParameters,
        RecentParameters,
    )
    from triptych.pipelines.batch_inference import history, nodes

    registered, registry = Stopwatch(), _registry(folder)
    with registered.running():
        registry.register(_candidate(model, what))
    del model  # batch inference loads its own
    engine = EngineParameters(batch_locations=cities.BATCH)
    batch = BatchParameters(history_days=HOURS // 24)
    limit = PreprocessingParameters(interpolation_limit_hours=6)
    as_of = f"{cities.END:%Y-%m-%d}"
    watch = Stopwatch()
    with watch.running():
        locations = table("locations").load()
        reader, recent, nwp, earlier = (
            TableReader(name, url())
            for name in ("weather_hourly", "weather_recent", "nwp_forecasts", "predictions")
        )
        slugs = ";".join(locations["location"])
        made = nodes.choose_models(registry, earlier, locations, [], slugs, "sample", as_of, batch)
        chosen, unserved = made["chosen_models"], made["unserved_locations"]
        none = pd.DataFrame()
        prepared = history.prepare_history(
            reader, recent, nwp, none, none, locations, chosen, as_of, 3, limit,
            RecentParameters(model="ecmwf_ifs025", overlap_days=60),
            NwpParameters(models=cities.NWP_MODELS), batch, engine,
        )  # fmt: skip
        made = nodes.forecast_locations(
            prepared["recent_history"], prepared["forecast_sources"], chosen, unserved, registry,
            as_of, 3, NwpParameters(models=cities.NWP_MODELS), engine,
        )  # fmt: skip
        for name in ("prediction_inputs", "predictions"):
            table(name).save(made[name])
    if len(made["predictions"]) != count * LEADS:
        raise RuntimeError(f"{len(made['predictions'])} predictions instead of {count * LEADS}")
    target = "at most 90 s and 2,000 MB"
    return [
        row(
            f"register the model, {what}",
            registered.seconds,
            "s",
            "MLflow and the table models",
            digits=3,
        ),
        rate(f"{what}, written", watch.seconds, count * LEADS, "rows", target),
    ]


def _intervals() -> Any:
    from triptych.forecasting.evaluation.conformal import Intervals

    leads = np.array([1, LEADS])
    pooled = np.tile([1.0, 4.0], (1, 12, 1))
    return Intervals(("none",), np.array([0]), leads, pooled[None], pooled)


def _registry(folder: Path) -> Any:
    import mlflow

    from triptych.registry.models import ModelRegistry
    from triptych.store.migrate import open_database

    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    mlflow.set_registry_uri(f"sqlite:///{folder}/mlflow.db")
    if mlflow.get_experiment_by_name("bench") is None:
        mlflow.create_experiment("bench", artifact_location=f"{folder}/artifacts")
    mlflow.set_experiment("bench")
    return ModelRegistry(open_database(url()), ROOT)


def _candidate(model: Any, name: str) -> Any:
    from triptych.registry.tracking import FORECASTER_REQUIREMENTS, Candidate

    scores = {"n": 1, "rmse": 1.0, "skill_day": 0.1, "skill_climatology": 0.1, "coverage": 0.9}
    return Candidate(
        kind="temperature",
        name=name.replace(" ", "-"),
        algorithm=model.name,
        model=model,
        evaluated=model,
        requirements=FORECASTER_REQUIREMENTS,
        example=cities.history(0, 5, 30),
        as_of=cities.END.to_pydatetime(),
        parameters=model.parameters,
        features=list(model.feature_names),
        metrics=dict.fromkeys(["all", *model.locations], scores),
        data_sha256="0" * 64,
        beats_baselines=True,
        promote_first=True,
    )


def main(step: str, count: str, folder: str) -> None:
    """Run one step and print its results."""
    steps: dict[str, Callable[[int, Path], list[Row]]] = {
        each.__name__: each for each in (prepare, fit, pool, write, predict, predict_mos, read)
    }
    sys.stdout.write(json.dumps(steps[step](int(count), Path(folder))) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
