"""Forecasters: features of ten years, fits, and backtests of a year."""

import statistics
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd

from bench.archive import LOCATION
from bench.results import Row, peak_mb, row, run_isolated
from tests.weather.places import fetch_one
from triptych.forecasting.evaluation.backtest import backtest
from triptych.forecasting.models.factory import LEARNED_NAMES, STATISTICAL_NAMES, make_forecaster
from triptych.weather.locations import locations_frame
from triptych.weather.sources.sample import SampleClimate
from triptych.weather.steps import hours_to_history
from triptych.weather.variables import VARIABLES

START, END = pd.Timestamp("2019-01-01", tz="UTC"), pd.Timestamp("2020-01-01", tz="UTC")
BACKTEST = "a year's backtest, 365 origins × 8 leads"


def measure() -> list[Row]:
    """Measure all models on ten years of one location; statistical ones in separate processes."""
    history = _ten_years()
    ridge = _make("ridge").fit(_past(history))
    features = _median_seconds(lambda: _make_features(ridge, history))
    rows = [row("features of one city, ten years", features, "s", "at most 2")]
    for name in LEARNED_NAMES:
        model = _make(name).fit(_past(history))
        rows.append(row(f"{name}: {BACKTEST}", _backtest(model, history), "s", "at most 2"))
    for name in STATISTICAL_NAMES:
        measured = run_isolated("forecasting", "measure_statistical", name)
        fit = f"{name}: fit on nine years of one city"
        rows += [
            row(fit, measured["fit"], "s", "at most 30"),
            row(f"{name}: fit, peak memory", measured["peak"], "MB", "at most 700"),
            row(f"{name}: {BACKTEST}", measured["backtest"], "s", "at most 3"),
        ]
    return rows


def measure_statistical(name: str) -> dict[str, float]:
    """Measure seconds and peak memory of a fit, and seconds of a backtest."""
    history = _ten_years()
    model = _make(name)
    fit = _seconds(lambda: model.fit(_past(history)))
    return {"fit": fit, "peak": peak_mb(), "backtest": _backtest(model, history)}


def _make(name: str) -> Any:
    return make_forecaster(name, {}, max_lead=8, seed=0)


def _make_features(model: Any, history: pd.DataFrame) -> None:
    panel = model.panel(history)
    model.features(panel, panel.grid.steps[56:])


def _ten_years() -> pd.DataFrame:
    """Return the forecasters' history of ten years."""
    decade = date(2010, 1, 1), date(2020, 1, 1)
    hours = fetch_one(SampleClimate(), LOCATION, *decade, list(VARIABLES))
    return hours_to_history(locations_frame([LOCATION]), 6, hours.frame)


def _past(history: pd.DataFrame) -> pd.DataFrame:
    return history[history["time"] < START]


def _backtest(model: Any, history: pd.DataFrame) -> float:
    return _median_seconds(lambda: backtest(model, history, START, END, range(1, 9)))


def _median_seconds(work: Callable[[], object]) -> float:
    return statistics.median(_seconds(work) for _ in range(3))


def _seconds(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started
