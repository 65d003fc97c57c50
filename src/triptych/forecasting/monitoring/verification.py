"""Errors of issued forecasts by lead, data age and window of time, beside the baselines."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from triptych.forecasting.contract import DAY_LEADS, NEXT_DAY_LEADS
from triptych.forecasting.evaluation.metrics import ALL, DAY, NEXT_DAY, skill
from triptych.forecasting.models.factory import BASELINE_NAMES

CHANCE = 0.01  # tested every day: at 5 % a sound model would cause a warning each year
SERIES = ["model_id", "location"]
SKILLS = {
    "skill_day": "same_hour_yesterday",
    "skill_climatology": "climatology",
    "skill_persistence": "persistence",
}
WINDOW_COLUMNS = (
    *SERIES,
    "window",
    "lead",
    "data_age",
    "n",
    "days",
    "rmse",
    "mae",
    "bias",
    *SKILLS,
    "coverage",
    "width",
    "window_start",
    "window_end",
)


def score_windows(targets: pd.DataFrame, windows: Sequence[int | str]) -> pd.DataFrame:
    """Errors by model, location, window, lead (number, `1-8`, `9-16`, `all`) and data age.

    Returns WINDOW_COLUMNS.

    `targets`: one row per observed target: model_id, location, as_of, time, lead, data_age (h),
    mean, lower, upper, observed, known_end (exclusive end of the location's observations) and a
    column for each baseline; °C. `windows`: days that end at known_end, or `all`. bias: forecast
    minus observed; skill: 1 - RMSE / RMSE of the baseline; days: with targets.
    """
    rows = _errors(targets)
    by_lead = [
        rows.assign(lead=rows["lead"].astype(str)),
        rows[rows["lead"].isin(DAY_LEADS)].assign(lead=DAY),
        rows[rows["lead"].isin(NEXT_DAY_LEADS)].assign(lead=NEXT_DAY),
        rows.assign(lead=ALL),
    ]
    tables = [_of_window(table, window) for window in windows for table in by_lead if len(table)]
    found = [table for table in tables if len(table)]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=WINDOW_COLUMNS)


def window_name(window: int | str) -> str:
    """The name of a window in tables: `30d`, or `all`."""
    return ALL if window == ALL else f"{window}d"


def coverage_fails(coverage: float, days: int, level: float, tolerance: float) -> bool:
    """Whether intervals miss their level by more than `tolerance` and more than chance.

    Errors of one day are alike: a day is one binomial trial, one-sided at CHANCE.
    """
    from scipy.stats import binom

    if abs(coverage - level) <= tolerance:
        return False
    covered = coverage * days
    if coverage < level:
        return bool(binom.cdf(round(covered), days, level) < CHANCE)
    return bool(binom.sf(round(covered) - 1, days, level) < CHANCE)


def _errors(targets: pd.DataFrame) -> pd.DataFrame:
    error = targets["mean"] - targets["observed"]
    inside = targets["observed"].between(targets["lower"], targets["upper"])
    return targets.assign(
        day=targets["time"].dt.floor("D"),
        square=error**2,
        mae=error.abs(),
        bias=error,
        coverage=inside.astype(float),
        width=targets["upper"] - targets["lower"],
        **{name: (targets[name] - targets["observed"]) ** 2 for name in BASELINE_NAMES},
    )


def _of_window(rows: pd.DataFrame, window: int | str) -> pd.DataFrame:
    length = pd.Timedelta(days=0 if window == ALL else int(window))
    inside = rows if window == ALL else rows[rows["time"] >= rows["known_end"] - length]
    # A forecast from old data is harder than one from fresh data: they are never averaged.
    grouped = inside.groupby([*SERIES, "lead", "data_age"], sort=False)
    means = dict.fromkeys(("square", "mae", "bias", "coverage", "width", *BASELINE_NAMES), "mean")
    ends = {"known_end": "max", "time": "min", "day": "nunique"}
    table = grouped.agg({"observed": "size", **means, **ends}).reset_index()
    rmse = np.sqrt(table["square"])
    skills = {column: skill(rmse, np.sqrt(table[name])) for column, name in SKILLS.items()}
    named = table.rename(columns={"observed": "n", "day": "days", "known_end": "window_end"})
    return named.assign(
        window=window_name(window),
        rmse=rmse,
        window_start=table["time"] if window == ALL else named["window_end"] - length,
        **skills,
    )[list(WINDOW_COLUMNS)]
