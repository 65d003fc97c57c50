"""Errors of issued forecasts by lead, data age and window of time, beside the baselines."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from triptych.forecasting.evaluation import metrics
from triptych.forecasting.evaluation.metrics import ALL, skill, with_lead_groups

CHANCE = 0.01  # tested every day: at 5 % a sound model would cause a warning each year
SERIES = ["model_id", "location"]
SKILLS = {**metrics.SKILLS, "skill_persistence": "persistence"}
WINDOW_COLUMNS = (
    *SERIES, "window", "lead", "data_age", "n", "days", "rmse", "mae", "bias", *SKILLS, "coverage",
    "width", "window_start", "window_end",
)  # fmt: skip


def score_windows(targets: pd.DataFrame, windows: Sequence[int | str]) -> pd.DataFrame:
    """Errors by model, location, window, lead (number, `1-8`, `9-16`, `all`) and data age:
    WINDOW_COLUMNS.

    `targets`: one row per observed target: model_id, location, as_of, time, lead, data_age (h),
    mean, lower, upper, observed, known_end (exclusive end of the location's observations) and a
    column for each baseline; °C. `windows`: days that end at known_end, or `all`. bias: forecast
    minus observed; skill: 1 - RMSE / RMSE of the baseline; days: with targets.
    """
    error = targets["mean"] - targets["observed"]
    inside = targets["observed"].between(targets["lower"], targets["upper"])
    rows = targets.assign(
        day=targets["time"].dt.floor("D"),
        square=error**2,
        mae=error.abs(),
        bias=error,
        coverage=inside.astype(float),
        width=targets["upper"] - targets["lower"],
        **{name: (targets[name] - targets["observed"]) ** 2 for name in SKILLS.values()},
    )
    rows = with_lead_groups(rows, rows)
    tables = [_of_window(rows, window) for window in windows]
    return pd.concat(tables, ignore_index=True)


def window_name(window: int | str) -> str:
    """The name of a window in tables: `30d`, or `all`."""
    return ALL if window == ALL else f"{window}d"


def coverage_fails(coverage: float, days: int, level: float, tolerance: float) -> bool:
    """Whether intervals miss their level by more than `tolerance` and more than chance: a day,
    whose errors are alike, is one binomial trial, one-sided at CHANCE.
    """
    from scipy.stats import binom

    covered = round(coverage * days)
    below, above = binom.cdf(covered, days, level), binom.sf(covered - 1, days, level)
    chance = below if coverage < level else above
    return bool(abs(coverage - level) > tolerance and chance < CHANCE)


def _of_window(rows: pd.DataFrame, window: int | str) -> pd.DataFrame:
    length = pd.Timedelta(days=0 if window == ALL else int(window))
    inside = rows if window == ALL else rows[rows["time"] >= rows["known_end"] - length]
    # A forecast from old data is harder than one from fresh data: they are never averaged.
    grouped = inside.groupby([*SERIES, "lead", "data_age"], sort=False)
    means = ("square", "mae", "bias", "coverage", "width", *SKILLS.values())
    ends = {"known_end": "max", "time": "min", "day": "nunique"}
    table = grouped.agg({"observed": "size", **dict.fromkeys(means, "mean"), **ends}).reset_index()
    rmse = np.sqrt(table["square"])
    skills = {column: skill(rmse, np.sqrt(table[name])) for column, name in SKILLS.items()}
    named = table.rename(columns={"observed": "n", "day": "days", "known_end": "window_end"})
    start = table["time"] if window == ALL else named["window_end"] - length
    return named.assign(window=window_name(window), rmse=rmse, window_start=start, **skills)[
        list(WINDOW_COLUMNS)
    ]
