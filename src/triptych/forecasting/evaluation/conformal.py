"""Split conformal prediction intervals by season, from errors outside the training period."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.forecasting.contract import DAY_LEADS, LEVEL
from triptych.forecasting.errors import ForecastingError
from triptych.forecasting.features.grid import FloatArray, IntArray

MONTHS = 12
RECENT_DAYS = 45  # whose errors scale the widths
MIN_ERRORS = 30  # of a season; with fewer, the errors of all seasons count


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
        """Return half widths, shape (location, …), of targets in `months` (…) at `leads` (…).

        Linear between the leads of the calibration, constant beyond them; the next higher data age
        serves one in between. A location without errors of its own takes the pooled widths.
        """
        age = min(int(np.searchsorted(self.ages, data_age)), len(self.ages) - 1)
        known = {name: row for row, name in enumerate(self.locations)}
        tables = np.stack(
            [
                self.half_widths[known[n], age] * self._scale(known[n], age)
                if n in known
                else self.pooled[age]
                for n in locations
            ]
        )
        place = np.interp(leads, self.leads, np.arange(len(self.leads)))
        low = np.floor(place).astype(np.int64)
        high = np.minimum(low + 1, len(self.leads) - 1)
        share = place - low
        return np.asarray(
            tables[:, months - 1, low] * (1 - share) + tables[:, months - 1, high] * share,
            dtype=np.float64,
        )

    def _scale(self, row: int, age: int) -> float:
        return 1.0 if self.scale is None else float(self.scale[row, age])


def with_bounds(forecasts: pd.DataFrame, intervals: Intervals) -> pd.DataFrame:
    """Add bounds to forecasts of one model (`location, data_age, time, lead, mean`)."""
    half = np.empty(len(forecasts))
    months, leads = forecasts["time"].dt.month.to_numpy(), forecasts["lead"].to_numpy()
    for _, own in forecasts.reset_index(drop=True).groupby(["location", "data_age"]):
        rows = own.index.to_numpy()
        slug, age = str(own["location"].iloc[0]), int(own["data_age"].iloc[0])
        half[rows] = intervals.half_width([slug], months[rows], leads[rows], age)[0]
    return forecasts.assign(lower=forecasts["mean"] - half, upper=forecasts["mean"] + half)


def scale_to_recent_errors(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Scale the intervals of daily backtests to the errors known at each issue time.

    The factor is the quantile of |error| / half width over the first days of the forecasts issued
    in the RECENT_DAYS before, whose targets had been observed. Seasons differ from year to year:
    widths of the calibration years alone cover 75 to 99 % of a season, with the factor 84 to 94 %.

    Args:
        forecasts: `location, data_age, as_of, lead, mean, lower, upper, observed` of one model.

    Returns:
        The same rows with other bounds and a column `scale`, 1 before any error is known.
    """
    half = (forecasts["upper"] - forecasts["lower"]) / 2
    ratio = (forecasts["mean"] - forecasts["observed"]).abs() / half
    first_day = forecasts.assign(ratio=ratio)[forecasts["lead"].isin(DAY_LEADS)]
    table = first_day.pivot_table(
        index=["location", "data_age", "as_of"], columns="lead", values="ratio", dropna=False
    )
    groups = table.groupby(level=["location", "data_age"])
    scales = pd.concat([_recent_scale(own) for _, own in groups])
    keys = pd.MultiIndex.from_frame(forecasts[["location", "data_age", "as_of"]])
    scale = scales.reindex(keys).to_numpy()
    return forecasts.assign(
        lower=forecasts["mean"] - half * scale,
        upper=forecasts["mean"] + half * scale,
        scale=scale,
    )


def with_recent_scale(intervals: Intervals | None, scaled: pd.DataFrame) -> Intervals | None:
    """Return intervals with the latest factors of `scale_to_recent_errors`, for new forecasts."""
    if intervals is None:
        return None
    latest = scaled.sort_values("as_of").groupby(["location", "data_age"])["scale"].last()
    table = latest.unstack().reindex(index=intervals.locations, columns=intervals.ages)
    return replace(intervals, scale=table.fillna(1.0).to_numpy(dtype=np.float64))


def _recent_scale(ratios: pd.DataFrame) -> "pd.Series[float]":
    """The factor at each issue time of one location and data age, from ratios by lead."""
    age = int(ratios.index.get_level_values("data_age")[0])
    unknown = 1 + -(-age // 24)  # issue days whose first day is not wholly observed yet
    daily = ratios.droplevel(["location", "data_age"])
    days = pd.date_range(daily.index[0], daily.index[-1], freq="D")
    values = daily.reindex(days).to_numpy()
    padded = np.vstack([np.full((RECENT_DAYS + unknown - 1, values.shape[1]), np.nan), values])
    windows = np.lib.stride_tricks.sliding_window_view(padded, RECENT_DAYS, axis=0)
    found = [
        _quantile(np.sort(window[np.isfinite(window)]), LEVEL)
        if np.isfinite(window).sum() >= MIN_ERRORS
        else 1.0
        for window in windows[: len(days)]
    ]
    return pd.Series(found, index=days).reindex(daily.index).set_axis(ratios.index)


def learn_intervals(forecasts: pd.DataFrame, level: float = LEVEL) -> Intervals:
    """Learn half widths from validation forecasts of one model.

    The ⌈(n + 1) x level⌉-th smallest absolute error covers at least `level` of new days
    exchangeable with these (Lei et al., J. Am. Stat. Assoc. 113, 2018, 1094-1111, section 2.2).
    The errors of a month are those of the month and its two neighbours.

    Args:
        forecasts: `location, time, lead, mean, observed` and optionally `data_age` (hours).
        level: coverage asked for.

    Raises:
        ForecastingError: no forecast has an observation.
    """
    error = (forecasts["mean"] - forecasts["observed"]).abs().to_numpy(dtype=np.float64)
    known = np.isfinite(error)
    if not known.any():
        raise ForecastingError(
            "Intervals are learned from validation errors, but no forecast has its observation: "
            "check the validation period."
        )
    rows = forecasts[known]
    age = rows["data_age"] if "data_age" in rows else pd.Series(0, index=rows.index)
    places, locations = pd.factorize(rows["location"], sort=True)
    age_rows, ages = pd.factorize(age, sort=True)
    lead_rows, leads = pd.factorize(rows["lead"], sort=True)
    month = rows["time"].dt.month.to_numpy()
    shape = (len(ages), len(leads))
    cells = age_rows * len(leads) + lead_rows
    pooled = _by_month(error[known], cells, month, shape, level)
    half_widths = np.stack(
        [
            _by_month(error[known][own], cells[own], month[own], shape, level)
            for own in (places == row for row in range(len(locations)))
        ]
    )
    return Intervals(
        locations=tuple(str(name) for name in locations),
        ages=np.asarray(ages, dtype=np.int64),
        leads=np.asarray(leads, dtype=np.int64),
        half_widths=np.where(np.isfinite(half_widths), half_widths, pooled),
        pooled=pooled,
    )


def _by_month(
    errors: FloatArray,
    cells: npt.NDArray[np.intp],
    months: IntArray,
    shape: tuple[int, int],
    level: float,
) -> FloatArray:
    """Quantiles of shape (age, 12, lead); NaN for a cell without errors."""
    table = np.full((shape[0] * shape[1], MONTHS), np.nan)
    order = np.lexsort((errors, cells))
    bounds = np.searchsorted(cells[order], np.arange(len(table) + 1))
    for cell, (start, end) in enumerate(pairwise(bounds)):
        if start == end:
            continue
        ordered, own = errors[order[start:end]], months[order[start:end]]
        for month in range(1, MONTHS + 1):
            apart = (own - month) % MONTHS
            season = ordered[(apart <= 1) | (apart == MONTHS - 1)]
            table[cell, month - 1] = _quantile(
                season if len(season) >= MIN_ERRORS else ordered, level
            )
    return np.asarray(table.reshape(*shape, MONTHS).transpose(0, 2, 1), dtype=np.float64)


def _quantile(ordered: FloatArray, level: float) -> float:
    rank = int(np.ceil((len(ordered) + 1) * level))
    return float(ordered[min(rank, len(ordered)) - 1])
