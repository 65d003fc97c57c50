"""One model for all cities compared with one per city, on real weather: python -m bench.pooled.

Needs TRIPTYCH_REAL_DATA; written to docs/results/pooled.json. Day-ahead RMSE in °C from 00:00 UTC,
with default parameters except those compared. 2018, fitted on 2010-2017, selects the default; 2019,
fitted on 2010-2018, is the test.
"""

import json
import logging
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.results import write
from triptych.forecasting.evaluation.backtest import backtest
from triptych.forecasting.models.factory import make_forecaster
from triptych.weather.steps import hours_to_history

CITIES = ("berlin", "brest", "paris")
PERIODS = {"validation": "2018", "test": "2019"}
_DAY = range(1, 9)
_PER_CITY = {"scopes": ("location",)}
_NO_NEIGHBOURS = {"neighbours": 0}
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "ar, per city": ("ar", {}),
    "ridge, per city": ("ridge", _NO_NEIGHBOURS),
    "ridge, pooled": ("pooled_ridge", _NO_NEIGHBOURS),
    "ridge, per city, with neighbours": ("ridge", {}),
    "ridge, pooled, with neighbours": ("pooled_ridge", {}),
    "lightgbm, per city": ("lightgbm", _PER_CITY | _NO_NEIGHBOURS),
    "lightgbm, pooled": ("lightgbm", _NO_NEIGHBOURS),
    "lightgbm, per city, with neighbours": ("lightgbm", _PER_CITY),
    "lightgbm, pooled, with neighbours": ("lightgbm", {}),
}

logger = logging.getLogger("bench.pooled")


def main() -> None:
    """Fit and test each model, and write one row per model, city and lead."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logger.setLevel(logging.INFO)
    history = _history(Path(os.environ["TRIPTYCH_REAL_DATA"]) / "open_meteo")
    rows = [row for name in MODELS for period in PERIODS for row in _measure(name, period, history)]
    write("pooled", rows, "ERA5 2010-2019; from 00:00 UTC each day, fitted on all earlier years")


def _measure(name: str, period: str, history: pd.DataFrame) -> list[dict[str, Any]]:
    kind, parameters = MODELS[name]
    start = pd.Timestamp(PERIODS[period], tz="UTC")
    end = start + pd.DateOffset(years=1)
    model = make_forecaster(kind, parameters, max_lead=len(_DAY), seed=20)
    started = time.perf_counter()
    model.fit(history[history["time"] < start])
    seconds = round(time.perf_counter() - started, 1)
    forecasts = backtest(model, history[history["time"] < end], start, end, _DAY)
    rows = [
        {"model": name, "split": period, "location": place, "lead": lead, "rmse": round(value, 4)}
        | {"n": int(n), "seconds": seconds}
        for lead, chosen in _by_lead(forecasts)
        for place, value, n in _rmse(chosen)
    ]
    logger.info("%s, %s: %.3f °C, fitted in %s s", name, period, rows[-1]["rmse"], seconds)
    return rows


def _by_lead(forecasts: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    each = [(str(lead), forecasts[forecasts["lead"] == lead]) for lead in _DAY]
    return [*each, ("1-8", forecasts)]


def _rmse(forecasts: pd.DataFrame) -> list[tuple[str, float, int]]:
    """Return RMSE and count by city, and of all targets as `all`."""
    square = (forecasts["mean"] - forecasts["observed"]) ** 2
    by_city = square.groupby(forecasts["location"]).agg(["mean", "count"])
    found = [(str(city), *row) for city, row in zip(by_city.index, by_city.to_numpy(), strict=True)]
    return [(city, np.sqrt(mean), n) for city, mean, n in found] + [
        ("all", np.sqrt(square.mean()), square.count())
    ]


def _history(folder: Path) -> pd.DataFrame:
    places = json.loads((folder / "cities.json").read_text(encoding="utf-8"))
    hours = pd.concat(
        [pd.read_csv(folder / f"{city}.csv.gz").assign(location=city) for city in CITIES],
        ignore_index=True,
    )
    hours["time"] = pd.to_datetime(hours["time"], utc=True).dt.as_unit("us")
    where = pd.DataFrame([{"location": city, **places[city]} for city in CITIES])
    return hours_to_history(where, 6, hours.astype({"location": "str"}))


if __name__ == "__main__":
    main()
