"""Split conformal prediction intervals by season, from errors outside the training period."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import pandas as pd

from triptych.forecasting.arrays import FloatArray, IntArray, between_knots
from triptych.forecasting.contract import DAY_LEADS, LEVEL
from triptych.forecasting.errors import ForecastingError

MONTHS = 12
RECENT_DAYS = 45  # whose errors scale the widths
MIN_ERRORS = 30  # of a season; with fewer, the errors of all seasons count
SERIES = ["location", "data_age"]


@dataclass(frozen=True, slots=True)
class Intervals:
    """Half widths in °C by location, data age, month of the target and lead.

    `half_widths`: (location, age, 12, lead); `pooled`: (age, 12, lead), over all locations; `ages`
    in hours. The lead of a forecast issued at midnight is also its step of the day.
    """

    locations: tuple[str, ...]
    ages: IntArray
    leads: IntArray
    half_widths: FloatArray
    pooled: FloatArray
    scale: FloatArray | None = None  # (location, age): recent errors relative to the half widths

    def half_width(
        self, locations: Sequence[str], months: IntArray, leads: IntArray, data_age: int = 0
    ) -> FloatArray:
        """Half widths, shape (location, …), of targets in `months` (…) at `leads` (…): linear
        between the leads of the calibration, constant beyond; of the next higher data age. A
        location without errors of its own takes the pooled widths.
        """
        age = min(int(np.searchsorted(self.ages, data_age)), len(self.ages) - 1)
        rows = pd.Index(self.locations).get_indexer(pd.Index(locations))
        scale = 1.0 if self.scale is None else self.scale[rows, age][:, None, None]
        own = self.half_widths[rows, age] * scale
        tables = np.where((rows >= 0)[:, None, None], own, self.pooled[age])
        before, after, share = between_knots(self.leads, leads)
        low, high = (tables[:, months - 1, knot] for knot in (before, after))
        return np.asarray(low * (1 - share) + high * share, dtype=np.float64)


def with_bounds(forecasts: pd.DataFrame, intervals: Intervals) -> pd.DataFrame:
    """Add bounds to forecasts of one model (`location, data_age, time, lead, mean`)."""
    half = np.empty(len(forecasts))
    months, leads = forecasts["time"].dt.month.to_numpy(), forecasts["lead"].to_numpy()
    for key, rows in forecasts.groupby(SERIES).indices.items():
        slug, age = cast("tuple[str, int]", key)
        half[rows] = intervals.half_width([slug], months[rows], leads[rows], age)[0]
    return forecasts.assign(lower=forecasts["mean"] - half, upper=forecasts["mean"] + half)


def scale_to_recent_errors(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Scale the intervals of daily backtests to the errors known at each issue time.

    The factor, a new column `scale`, is the quantile of |error| / half width over the first days of
    the forecasts issued in the RECENT_DAYS before, whose targets had been observed; 1 before any.
    Without it intervals cover 75 to 99 % of a season, with it 84 to 94 %. `forecasts`: `location,
    data_age, as_of, lead, mean, lower, upper, observed` of one model.
    """
    half = (forecasts["upper"] - forecasts["lower"]) / 2
    ratio = (forecasts["mean"] - forecasts["observed"]).abs() / half
    first_day = forecasts.assign(ratio=ratio)[forecasts["lead"].isin(DAY_LEADS)]
    table = first_day.pivot_table(
        index=[*SERIES, "as_of"], columns="lead", values="ratio", dropna=False
    )
    scales = pd.concat([_recent_scale(own) for _, own in table.groupby(level=SERIES)])
    scale = scales.reindex(pd.MultiIndex.from_frame(forecasts[[*SERIES, "as_of"]])).to_numpy()
    mean = forecasts["mean"]
    return forecasts.assign(lower=mean - half * scale, upper=mean + half * scale, scale=scale)


def with_recent_scale(intervals: Intervals, scaled: pd.DataFrame) -> Intervals:
    """Intervals with the latest factors of `scale_to_recent_errors`, for new forecasts."""
    latest = scaled.sort_values("as_of").groupby(SERIES)["scale"].last()
    table = latest.unstack().reindex(index=intervals.locations, columns=intervals.ages)
    return replace(intervals, scale=table.fillna(1.0).to_numpy(dtype=np.float64))


def _recent_scale(ratios: pd.DataFrame) -> "pd.Series[float]":
    """The factor at each issue time of one location and data age, from ratios by lead."""
    age = int(ratios.index.get_level_values("data_age")[0])
    unknown = 1 + -(-age // 24)  # issue days whose first day is not wholly observed yet
    days = ratios.droplevel([0, 1]).asfreq("D")
    values, found = days.to_numpy(), []
    for end in range(1 - unknown, len(values) + 1 - unknown):
        window = values[max(0, end - RECENT_DAYS) : max(0, end)]
        known = np.sort(window[np.isfinite(window)])
        enough = len(known) >= MIN_ERRORS
        found.append(known[int(_rank(len(known))) - 1] if enough else 1.0)
    scale = pd.Series(found, index=days.index, dtype="float64")
    return scale.reindex(ratios.index.get_level_values("as_of")).set_axis(ratios.index)


def learn_intervals(forecasts: pd.DataFrame, level: float = LEVEL) -> Intervals:
    """Learn half widths from validation forecasts of one model (`location, time, lead, mean,
    observed` and optionally `data_age`); ForecastingError if none has an observation.

    The ⌈(n + 1) x level⌉-th smallest absolute error of a month and its two neighbours covers at
    least `level` of new days exchangeable with these (Lei et al., J. Am. Stat. Assoc. 113, 2018,
    1094-1111, section 2.2).
    """
    rows = forecasts[["location", "lead"]].assign(
        data_age=forecasts.get("data_age", 0),
        month=forecasts["time"].dt.month,
        error=(forecasts["mean"] - forecasts["observed"]).abs(),
    )
    rows = rows.dropna(subset="error")
    if rows.empty:
        raise ForecastingError(
            "Intervals are learned from validation errors, but no forecast has its observation: "
            "check the validation period."
        )
    half_widths, (locations, *_) = _by_month(rows, [*SERIES, "lead"], level)
    pooled, (ages, leads) = _by_month(rows, ["data_age", "lead"], level)
    return Intervals(
        locations=tuple(str(name) for name in locations),
        ages=np.asarray(ages, dtype=np.int64),
        leads=np.asarray(leads, dtype=np.int64),
        half_widths=np.where(np.isfinite(half_widths), half_widths, pooled),
        pooled=pooled,
    )


def _by_month(
    rows: pd.DataFrame, keys: list[str], level: float
) -> tuple[FloatArray, list["pd.Index[Any]"]]:
    """Quantiles (…, age, 12, lead), NaN for a cell without errors, and the values of the keys."""
    values = [pd.Index(rows[key].unique()).sort_values() for key in keys]
    cells = pd.MultiIndex.from_product([*values, range(1, MONTHS + 1)], names=[*keys, "month"])
    near = [rows.assign(month=(rows["month"] + shift) % MONTHS + 1) for shift in (-2, -1, 0)]
    season = _quantiles(pd.concat(near), [*keys, "month"], level, MIN_ERRORS).reindex(cells)
    whole = _quantiles(rows, keys, level).reindex(cells.droplevel("month"))
    shape = (*(len(own) for own in values), MONTHS)
    table = season.fillna(whole.set_axis(cells)).to_numpy(dtype=np.float64).reshape(shape)
    return np.asarray(table.swapaxes(-1, -2), dtype=np.float64), values


def _quantiles(
    rows: pd.DataFrame, keys: list[str], level: float, least: int = 1
) -> "pd.Series[float]":
    """The quantile of each group that has at least `least` errors."""
    ordered = rows.sort_values("error")
    groups = ordered.groupby(keys)["error"]
    count = groups.transform("size").to_numpy()
    chosen = (groups.cumcount().to_numpy() + 1 == _rank(count, level)) & (count >= least)
    return pd.Series(ordered[chosen].set_index(keys)["error"])


def _rank(count: Any, level: float = LEVEL) -> Any:
    """Which of the ordered errors the quantile is, counted from 1."""
    return np.minimum(np.ceil((count + 1) * level), count)
