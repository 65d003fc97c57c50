"""One table of errors: every model on the same targets, from the same origins."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from triptych.forecasting.arrays import known_mean
from triptych.forecasting.contract import DAY_LEADS, LEVEL, STEPS_PER_DAY, TEMPERATURE
from triptych.forecasting.errors import ForecastingError
from triptych.forecasting.features.grid import to_grid

logger = logging.getLogger(__name__)

SCORE_COLUMNS = (
    "location", "model", "data_age", "lead", "n", "rmse", "mae", "bias", "mase", "skill_day",
    "skill_climatology", "coverage", "width", "interval_score", "pinball",
)  # fmt: skip
BREAKDOWN_COLUMNS = (*SCORE_COLUMNS[:2], "by", "value", *SCORE_COLUMNS[4:])
DAY, NEXT_DAY = "1-8", "9-16"
ALL = "all"
GROUPS = {DAY: DAY_LEADS, NEXT_DAY: tuple(lead + STEPS_PER_DAY for lead in DAY_LEADS)}
SKILLS = {"skill_day": "same_hour_yesterday", "skill_climatology": "climatology"}
TARGET = ["location", "data_age", "as_of", "time"]
ROUNDING = 1e-6  # °C; a smaller error is that of floating-point arithmetic


def score(forecasts: pd.DataFrame, training: pd.DataFrame) -> pd.DataFrame:
    """Score several models by location (and `all`), data age and lead (a number, `1-8`,
    `9-16`, `all`): SCORE_COLUMNS.

    Only targets that every model forecast and that were observed count; leads that some model does
    not reach (NWP ends early) count by themselves, not in the groups.

    Figures in °C; bias: forecast minus observed. mase: mae over that of the 24-hour seasonal naive
    of the location in `training` (Hyndman and Koehler, Int. J. Forecasting 22, 2006, 679-688).
    skill: 1 - rmse / rmse of the model in SKILLS at the same data age; NaN without it, or where its
    error is 0. interval_score, and pinball (mean quantile loss of both bounds and the mean):
    Gneiting and Raftery, J. Am. Stat. Assoc. 102, 2007, 359-378, sections 6.1 and 6.2.
    """
    common = common_targets(forecasts)
    logger.info(
        "Scores count %s of %s forecasts: of the others the target was not observed, or not "
        "forecast by every model", f"{len(common):,}", f"{len(forecasts):,}",
    )  # fmt: skip
    sums = _sums(common, seasonal_naive_mae(training), ["location", "data_age", "lead"])
    models = sums.groupby(["location", "data_age"])["model"].transform("nunique")
    shared = sums.groupby(["location", "data_age", "lead"])["model"].transform("size") == models
    every = with_lead_groups(sums, sums[shared])
    every = pd.concat([every, every.assign(location=ALL)], ignore_index=True)
    table = _figures(every, ["location", "data_age", "lead"])
    return sort_leads(table, ["location", "model", "data_age", "lead"])[list(SCORE_COLUMNS)]


def with_lead_groups(rows: pd.DataFrame, grouped: pd.DataFrame) -> pd.DataFrame:
    """`rows` by lead, as text, and `grouped` in the groups of leads `1-8`, `9-16` and `all`."""
    groups = [grouped[grouped["lead"].isin(leads)].assign(lead=n) for n, leads in GROUPS.items()]
    single = rows.assign(lead=rows["lead"].astype(str))
    return pd.concat([single, *groups, grouped.assign(lead=ALL)], ignore_index=True)


def sort_leads(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Sort a table by columns: leads as numbers, then their groups."""
    last = {name: 10_000 + number for number, name in enumerate((*GROUPS, ALL))}

    def order(column: "pd.Series[Any]") -> "pd.Series[Any]":
        is_lead = column.name == "lead"
        return column.map(lambda lead: last.get(lead) or int(lead)) if is_lead else column

    return table.sort_values(columns, key=order, ignore_index=True)


def breakdown(forecasts: pd.DataFrame, training: pd.DataFrame) -> pd.DataFrame:
    """Day-ahead errors by `month` (1-12) and `hour` (UTC) of the target: BREAKDOWN_COLUMNS."""
    day = common_targets(forecasts[forecasts["lead"].isin(DAY_LEADS)])
    scale = seasonal_naive_mae(training)
    group = ["location", "by", "value"]
    sums = pd.concat(
        _sums(day.assign(by=by, value=number), scale, group)
        for by, number in (("month", day["time"].dt.month), ("hour", day["time"].dt.hour))
    )
    table = _figures(pd.concat([sums, sums.assign(location=ALL)]), group)
    order = ["location", "model", "by", "value"]
    return table.sort_values(order, ignore_index=True)[list(BREAKDOWN_COLUMNS)]


def at_served_age(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the smallest data age: that of the forecasts that are served."""
    rows = table["data_age"] == table["data_age"].min()
    return pd.DataFrame(table[rows].reset_index(drop=True))


def common_targets(forecasts: pd.DataFrame) -> pd.DataFrame:
    """The rows whose target (TARGET) was observed and forecast by every model that reaches its
    location and lead. ForecastingError if a model forecasts a target twice, or if none is left.
    """
    if "data_age" not in forecasts:
        forecasts = forecasts.assign(data_age=0)
    known = forecasts[forecasts["mean"].notna() & forecasts["observed"].notna()]
    if bool(known.duplicated([*TARGET, "model"]).any()):
        raise ForecastingError(
            "A model forecasts the same location, as_of and time twice: drop the doubled rows."
        )
    able = known.groupby(["location", "data_age", "lead"])["model"].transform("nunique")
    common = known[known.groupby(TARGET)["model"].transform("size") == able]
    if common.empty or able.max() < known["model"].nunique():
        raise ForecastingError(
            f"The {forecasts['model'].nunique()} models share no observed target, so they cannot "
            "be compared: check their periods and leads."
        )
    return common


def rank(scores: pd.DataFrame, candidates: Sequence[str]) -> list[str]:
    """The candidates by mean RMSE over leads 1-8 in a table of `score`, least first, of the
    locations that all of them forecast.
    """
    rows = scores[(scores["lead"] == DAY) & (scores["location"] != ALL)]
    errors = rows.groupby(["location", "model"])["rmse"].mean().unstack("model")
    errors = errors.reindex(columns=list(candidates))
    missing = errors.columns[errors.isna().all()].tolist()
    means = errors.dropna().mean()
    if missing or means.empty or means.isna().any():
        raise ForecastingError(
            "There is no day-ahead score to choose by of "
            f"{', '.join(missing) or 'all candidates at one location'}. "
            "Backtest every candidate over leads 1-8 of the validation period."
        )
    return [str(name) for name in means.round(9).sort_values(kind="stable").index]


def skill(rmse: "pd.Series[float]", reference: "pd.Series[float]") -> "pd.Series[float]":
    """1 - `rmse` / `reference`; NaN where the reference makes no error."""
    return 1 - rmse / reference.where(reference > ROUNDING)


def seasonal_naive_mae(history: pd.DataFrame) -> "pd.Series[float]":
    """Mean absolute 24-hour change of the temperature of each location, °C; the scale of MASE."""
    grid = to_grid(history)
    values = grid.values[TEMPERATURE]
    change = np.abs(values[:, STEPS_PER_DAY:] - values[:, :-STEPS_PER_DAY])
    mean = known_mean(change, axis=1)
    return pd.Series(np.where(mean > ROUNDING, mean, np.nan), index=list(grid.locations))


def _sums(forecasts: pd.DataFrame, scale: "pd.Series[float]", group: list[str]) -> pd.DataFrame:
    """Sums and counts by model and `group`: they add up to any coarser group without the rows."""
    error = forecasts["mean"] - forecasts["observed"]
    scaled = error.abs() / forecasts["location"].map(scale)
    inside = forecasts["observed"].between(forecasts["lower"], forecasts["upper"])
    width = forecasts["upper"] - forecasts["lower"]
    below = (forecasts["lower"] - forecasts["observed"]).clip(lower=0)
    above = (forecasts["observed"] - forecasts["upper"]).clip(lower=0)
    interval_score = width + 2 / (1 - LEVEL) * (below + above)
    rows = forecasts[["model", *group]].assign(
        n=1,
        square=error**2,
        mae=error.abs(),
        bias=error,
        mase=scaled,
        scaled=scaled.notna(),
        coverage=inside & width.notna(),
        width=width,
        interval_score=interval_score,
        # both bounds: a share of the interval score; the mean as median: half its error
        pinball=((1 - LEVEL) / 2 * interval_score + error.abs() / 2) / 3,
        bounded=width.notna(),
    )
    return rows.groupby(["model", *group]).sum().reset_index()


def _figures(sums: pd.DataFrame, group: list[str]) -> pd.DataFrame:
    """The columns of the tables, from sums by `group`."""
    table = sums.groupby(["model", *group]).sum().reset_index()
    table["rmse"] = np.sqrt(table["square"] / table["n"])
    bounded = dict.fromkeys(("coverage", "width", "interval_score", "pinball"), "bounded")
    for column, count in {"mae": "n", "bias": "n", "mase": "scaled", **bounded}.items():
        table[column] = table[column] / table[count].where(table[count] > 0)
    table = table.set_index(group)
    for column, reference in SKILLS.items():
        beside = table.loc[table["model"] == reference, "rmse"].reindex(table.index)
        table[column] = skill(table["rmse"], beside)
    return table.reset_index()
