"""The statistical models' own work, each in a process of its own: a fit, its memory, a backtest."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from bench.alone import peak_mb
from bench.forecasting import median_seconds, seconds, ten_years
from triptych.forecasting.evaluation.backtest import backtest
from triptych.forecasting.models.factory import STATISTICAL_NAMES, make_forecaster

_ROOT = Path(__file__).resolve().parent.parent
_DAY = range(1, 9)


def measure() -> list[dict[str, Any]]:
    """Give the rows of every model: fitted once on nine years of one place, ten years forecast.

    Raises:
        RuntimeError: the process of a model failed.
    """
    return [row for name in STATISTICAL_NAMES for row in _rows(name)]


def _rows(name: str) -> list[dict[str, Any]]:
    took = _measure_alone(name)
    return [
        _row(f"{name}: fit on nine years of one city", took["fit"], "s", "at most 30"),
        _row(f"{name}: fit, peak memory of its process", took["peak"], "MB", "at most 700"),
        _row(
            f"{name}: a year's backtest, 365 origins × 8 leads",
            took["backtest"],
            "s",
            "at most 3",
        ),
    ]


def _measure_alone(name: str) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.statistical", name]
    run = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    if run.returncode:
        raise RuntimeError(f"The measurement of {name} failed:\n{run.stderr}")
    return dict(json.loads(run.stdout))


def _measure_here(name: str) -> dict[str, float]:
    history = ten_years()
    start, end = pd.Timestamp("2019-01-01", tz="UTC"), pd.Timestamp("2020-01-01", tz="UTC")
    past = history[history["time"] < start]
    model = make_forecaster(name, {}, max_lead=8, seed=0)
    fit = seconds(lambda: model.fit(past))
    peak = peak_mb()
    year = median_seconds(lambda: backtest(model, history, start, end, _DAY))
    return {"fit": fit, "peak": peak, "backtest": year}


def _row(what: str, value: float, unit: str, beside: str) -> dict[str, Any]:
    return {"what": what, "value": round(value, 2), "unit": unit, "beside": beside}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_measure_here(*sys.argv[1:])))
