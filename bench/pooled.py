"""One model for all cities beside one a city, on recorded weather: python -m bench.pooled.

Needs TRIPTYCH_REAL_DATA; written to docs/results/pooled.json. Fitted on 2010-2018, tested on every
day of 2019, day-ahead from 00:00 UTC, RMSE in °C.
"""

import json
import logging
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from triptych.forecasting.backtest import backtest
from triptych.forecasting.catalogue import make_forecaster
from triptych.registry.provenance import git_commit
from triptych.weather.hourly import interpolate
from triptych.weather.steps import to_history, to_three_hours

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "docs" / "results" / "pooled.json"
CITIES = ("berlin", "brest", "paris")
START, END = pd.Timestamp("2019-01-01", tz="UTC"), pd.Timestamp("2020-01-01", tz="UTC")
_TREES = {"trees": (300,)}
# By name: the forecaster, its parameters, and whether each city is fitted without the others.
MODELS: dict[str, tuple[str, dict[str, Any], bool]] = {
    "ar, per city": ("ar", {}, False),
    "ridge, per city": ("ridge", {"neighbours": 0}, False),
    "ridge, pooled": ("pooled_ridge", {"neighbours": 0}, False),
    "ridge, per city, with neighbours": ("ridge", {}, False),
    "ridge, pooled, with neighbours": ("pooled_ridge", {}, False),
    "lightgbm, per city": ("lightgbm", {**_TREES, "neighbours": 0}, True),
    "lightgbm, pooled": ("lightgbm", {**_TREES, "neighbours": 0}, False),
    "lightgbm, per city, with neighbours": (
        "lightgbm",
        {**_TREES, "scopes": ("location",)},
        False,
    ),
    "lightgbm, pooled, with neighbours": ("lightgbm", _TREES, False),
}

logger = logging.getLogger("bench.pooled")


def main() -> None:
    """Fit and test each, and write a row a model, city and lead."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logger.setLevel(logging.INFO)
    history = _history(Path(os.environ["TRIPTYCH_REAL_DATA"]) / "open_meteo")
    rows = [row for name in MODELS for row in _measure(name, history)]
    result = {"rows": rows, "data": "ERA5 2010-2019, recorded", "commit": git_commit(ROOT)}
    FILE.write_text(json.dumps(result, indent=2) + "\n")


def _measure(name: str, history: pd.DataFrame) -> list[dict[str, Any]]:
    kind, parameters, apart = MODELS[name]
    groups = [[city] for city in CITIES] if apart else [list(CITIES)]
    started, tables = time.perf_counter(), []
    for group in groups:
        known = history[history["location"].isin(group)]
        model = make_forecaster(kind, parameters, max_lead=8, seed=20)
        model.fit(known[known["time"] < START])
        tables.append(backtest(model, known, START, END, range(1, 9)))
    seconds = round(time.perf_counter() - started, 1)
    forecasts = pd.concat(tables)
    square = (forecasts["mean"] - forecasts["observed"]) ** 2
    rows = []
    for lead in (*range(1, 9), "1-8"):
        chosen = square if lead == "1-8" else square[forecasts["lead"] == lead]
        rmse = np.sqrt(chosen.groupby(forecasts["location"]).mean())
        for place, value in [*rmse.items(), ("mean", rmse.mean())]:
            row = {"model": name, "location": place, "lead": str(lead), "rmse": round(value, 4)}
            rows.append({**row, "seconds": seconds})
    logger.info("%s: %s °C, %s s", name, rows[-1]["rmse"], seconds)
    return rows


def _history(folder: Path) -> pd.DataFrame:
    places = json.loads((folder / "cities.json").read_text(encoding="utf-8"))
    hours = pd.concat(
        [pd.read_csv(folder / f"{city}.csv.gz").assign(location=city) for city in CITIES],
        ignore_index=True,
    )
    hours["time"] = pd.to_datetime(hours["time"], utc=True).dt.as_unit("us")
    complete = interpolate(hours.astype({"location": "str"}), 6, within_day=True).frame
    where = pd.DataFrame([{"location": city, **places[city]} for city in CITIES])
    return to_history(complete, to_three_hours(complete), where)


if __name__ == "__main__":
    main()
