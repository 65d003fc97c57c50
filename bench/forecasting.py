"""The forecasters' own work: features of ten years, a fit, a year's backtest."""

import statistics
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd

from bench.place import PLACE
from triptych.forecasting.evaluation.backtest import backtest
from triptych.forecasting.models.factory import LEARNED_NAMES, make_forecaster
from triptych.weather.interpolation import interpolate
from triptych.weather.locations import locations_frame
from triptych.weather.sources.sample import SampleClimate
from triptych.weather.steps import to_history, to_three_hours
from triptych.weather.variables import VARIABLES

_ROUNDS = 3
_DAY = range(1, 9)


def measure() -> list[dict[str, Any]]:
    """Medians of three rounds on ten years of one place of the sample; fits once."""
    history = ten_years()
    start, end = pd.Timestamp("2019-01-01", tz="UTC"), pd.Timestamp("2020-01-01", tz="UTC")
    past = history[history["time"] < start]
    ridge = make_forecaster("ridge", {}, max_lead=8, seed=0).fit(past)
    rows = [
        _row("features of one city, ten years", median_seconds(lambda: _features(ridge, history)))
    ]
    for name in LEARNED_NAMES:
        model = make_forecaster(name, {}, max_lead=8, seed=0).fit(past)
        year = median_seconds(lambda model=model: backtest(model, history, start, end, _DAY))
        rows.append(_row(f"{name}: a year's backtest, 365 origins × 8 leads", year))
    return rows


def _features(model: Any, history: pd.DataFrame) -> None:
    panel = model.panel(history)
    model.features(panel, panel.grid.steps[56:])


def ten_years() -> pd.DataFrame:
    """Ten years of one place of the sample, as forecasters take them."""
    hours = SampleClimate().fetch(PLACE, date(2010, 1, 1), date(2020, 1, 1), list(VARIABLES))
    completed = interpolate(hours.frame, 6, within_day=True).frame
    return to_history(completed, to_three_hours(completed), locations_frame([PLACE]))


def median_seconds(work: Callable[[], object]) -> float:
    """How long `work` takes: the median of three times."""
    return statistics.median(seconds(work) for _ in range(_ROUNDS))


def seconds(work: Callable[[], object]) -> float:
    """How long `work` takes."""
    started = time.monotonic()
    work()
    return time.monotonic() - started


def _row(what: str, seconds: float) -> dict[str, Any]:
    return {"what": what, "value": round(seconds, 2), "unit": "s", "beside": "at most 2"}
