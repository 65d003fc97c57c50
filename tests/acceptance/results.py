"""The results file that README and notebooks quote: written here, never by hand."""

import json
import math
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from tests.acceptance.readme import replace_between, update_readme
from tests.fixtures.project import ROOT
from triptych.registry.provenance import git_commit

FILE = ROOT / "docs" / "results" / "forecast.json"
DATA = (
    "ERA5 reanalysis in Open-Meteo's names and units: fitted on 2010-2018 (validation 2017-2018), "
    "tested on every day of 2019 from 00:00 UTC"
)
RESULTS = ROOT / "docs" / "results.md"
START, END = "<!-- results -->", "<!-- /results -->"
PACKAGES = ("lightgbm", "numpy", "pandas", "scikit-learn", "statsmodels")


LIVE = FILE.with_name("live.json")
LIVE_DATA = (
    "Open-Meteo's analyses and forecasts as issued for Budva (CC BY 4.0), ERA5 with simulated "
    "recent analyses for Paris, Brest and Berlin; at every issue time only what was published then"
)


def write_live(measured: list[dict[str, Any]]) -> None:
    """Write the errors of live forecasts, beside those that this run has not measured; the README
    shows them.
    """
    key = ("location", "model", "data_age", "day")
    known = json.loads(LIVE.read_text(encoding="utf-8"))["rows"] if LIVE.exists() else []
    every = {tuple(row[name] for name in key): row for row in [*known, *measured]}
    rows = [{name: _plain(value) for name, value in row.items()} for row in every.values()]
    write_table(LIVE, {"rows": rows, "data": LIVE_DATA}, ("rows",))
    update_readme()


def write_results(comparison: pd.DataFrame, chosen: str) -> dict[str, Any]:
    """Write comparison, chosen model, code and versions; docs/results.md quotes them."""
    leads = comparison["lead"]
    number = pd.to_numeric(leads, errors="coerce")
    kept = number.isna() | (number <= 16) | (number % 8 == 0)  # beyond tomorrow one a day
    rows = [
        {name: _plain(value) for name, value in row.items()}
        for row in comparison[kept].to_dict("records")
    ]
    table = write_table(FILE, {"rows": rows, "chosen": chosen, "data": DATA}, ("rows",))
    RESULTS.write_text(with_results(RESULTS.read_text(encoding="utf-8"), table), encoding="utf-8")
    return table


def write_table(
    file: Path, table: dict[str, Any], names: Sequence[str], packages: Sequence[str] = PACKAGES
) -> dict[str, Any]:
    """Write results with commit and versions as JSON, a line for each row of the named tables."""
    table = {
        **table,
        "commit": git_commit(ROOT),
        "versions": {name: version(name) for name in packages},
    }
    lines: list[str] = []

    def shorten(value: Any, name: str = "") -> Any:
        if name in names:
            return [_keep(json.dumps(row, ensure_ascii=False), lines) for row in value]
        if isinstance(value, dict):
            return {key: shorten(each, key) for key, each in value.items()}
        return value

    text = json.dumps(shorten(table), indent=2, sort_keys=True)
    for number, line in enumerate(lines):
        text = text.replace(f'"<{number}>"', line)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text + "\n", encoding="utf-8")
    return table


def _keep(line: str, lines: list[str]) -> str:
    lines.append(line)
    return f"<{len(lines) - 1}>"


def day_ahead_table(table: dict[str, Any]) -> str:
    """Render the day-ahead RMSE of every model and city as Markdown, best model first."""
    rows = pd.DataFrame(table["rows"])
    fresh = rows["data_age"] == 0 if "data_age" in rows else rows["lead"].notna()
    rows = rows[fresh & (rows["lead"] == "1-8") & (rows["location"] != "all")]
    errors = rows.pivot(index="model", columns="location", values="rmse")
    errors = errors.loc[errors.mean(axis=1).sort_values().index]
    lines = [
        "| | " + " | ".join(name.title() for name in errors.columns) + " |",
        "|---|" + "--:|" * errors.shape[1],
    ]
    for model, values in errors.iterrows():
        mark = " *" if model == table["chosen"] else ""
        lines.append(f"| {model}{mark} | " + " | ".join(f"{v:.2f}" for v in values) + " |")
    chosen = rows[rows["model"] == table["chosen"]].set_index("location")["coverage"]
    cover = " | ".join(f"{chosen[name]:.1%}" for name in errors.columns)
    lines.append(f"| *its 90 % intervals cover* | {cover} |")
    return "\n".join(lines)


def with_results(readme: str, table: dict[str, Any]) -> str:
    """Put the table between the marks of docs/results.md."""
    return replace_between(readme, START, END, day_ahead_table(table))


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4)
    return value
