"""Temperature taken apart: trend, the year's season, the day's season, and what remains.

MSTL (Bandara, Hyndman and Bergmeir, 2021, arXiv:2107.13462) takes out one season after another by
STL. On nine years of 3-hour steps the loop of statsmodels over both seasons takes over a minute a
location, since each loess of the year's season reaches over thousands of steps. A day's mean holds
nothing of the day's season, so that no loop is needed: here STL takes the year out of daily means,
then the day out of the 3-hour steps less trend and year, in under a second for ten years.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.weather.errors import InvalidFrame
from triptych.weather.steps import STEP_HOURS
from triptych.weather.variables import TEMPERATURE

STEPS_PER_DAY = 24 // STEP_HOURS
YEAR = 365  # days; 29 February is left out, so that a day of the year keeps its place
YEARS_NEEDED = 2
PARTS = ["trend", "yearly", "daily"]
_YEARLY_WINDOW = 11  # years that a day of the year is averaged with
_DAILY_WINDOW = 61  # days that a time of day is smoothed over
_SMOOTH_DAYS = 31
_SHORT_TREND_DAYS = 91
_JUMP_DAYS = 30  # loess at every 30th day, a line between: a twentieth of the trend's window

Floats = npt.NDArray[np.float64]


class _Slow(NamedTuple):
    trend: Floats
    yearly: Floats


def decompose(history: pd.DataFrame) -> pd.DataFrame:
    """Take the temperature of each location apart; observed = trend + yearly + daily + residual.

    The year's season is smoothed over 31 days after STL, which leaves neighbouring days of the
    year unrelated (Cleveland et al., 1990, J. Official Statistics 6, post-smoothing of the
    seasonal). A series of less than two years has no year's season: its trend, a mean over 91
    days, carries it. Gaps are filled for the fit alone, and stay missing in `observed` and
    `residual`.

    Args:
        history: location, time (UTC, 3-hour steps), temperature_2m (°C).

    Returns:
        location, time, observed, trend, yearly, daily, residual (all °C), whole UTC days; of a
        location without any temperature all NaN.

    Raises:
        InvalidFrame: a time is off the 3-hour grid, or a location has two rows for one step.
    """
    tables = [
        _decompose_location(rows).assign(location=slug)
        for slug, rows in history.groupby("location", sort=True)
    ]
    columns = ["location", "time", "observed", *PARTS, "residual"]
    if not tables:
        raise InvalidFrame("There is no row to decompose. Name a period that the data cover.")
    return pd.concat(tables, ignore_index=True)[columns]


def completed(decomposition: pd.DataFrame) -> pd.Series:
    """Give the observed temperature (°C), with gaps filled by trend and seasons."""
    return decomposition["observed"].fillna(decomposition[PARTS].sum(axis=1, skipna=False))


def _decompose_location(rows: pd.DataFrame) -> pd.DataFrame:
    times, observed = _whole_days(rows)
    table = pd.DataFrame({"time": times, "observed": observed})
    if np.isnan(observed).all():
        return table.assign(trend=np.nan, yearly=np.nan, daily=np.nan, residual=np.nan)
    slow = _slow_parts(observed.reshape(-1, STEPS_PER_DAY).mean(axis=1), times[::STEPS_PER_DAY])
    daily = _daily_season(observed - slow.trend - slow.yearly, times)
    residual = observed - slow.trend - slow.yearly - daily
    return table.assign(trend=slow.trend, yearly=slow.yearly, daily=daily, residual=residual)


def _whole_days(rows: pd.DataFrame) -> tuple[pd.DatetimeIndex, Floats]:
    series = rows.set_index("time")[TEMPERATURE].astype(np.float64)
    start, end = series.index.min().floor("D"), series.index.max().floor("D")
    grid = pd.date_range(
        start, end + pd.Timedelta(days=1), freq=f"{STEP_HOURS}h", inclusive="left", unit="us"
    )
    if series.index.has_duplicates or not series.index.isin(grid).all():
        raise InvalidFrame(
            f"The steps of {rows['location'].iloc[0]} are doubled or off the 3-hour grid. "
            "Average hours to steps first (to_three_hours)."
        )
    return grid, np.asarray(series.reindex(grid), dtype=np.float64)


def _slow_parts(days: Floats, dates: pd.DatetimeIndex) -> _Slow:
    """Trend and year's season of daily means (°C), drawn to the centres of the 3-hour steps."""
    regular = ~((dates.month == 2) & (dates.day == 29))  # noqa: PLR2004
    number = np.arange(len(days))
    filled = _fill_days(days, number)[regular]
    if len(filled) < YEARS_NEEDED * YEAR:
        mean = pd.Series(filled).rolling(_SHORT_TREND_DAYS, center=True, min_periods=1).mean()
        trend, yearly = mean.to_numpy(), np.zeros(len(filled))
    else:
        trend, yearly = _yearly_season(filled)
    centres = number[regular] + 0.5
    steps = (np.arange(len(days) * STEPS_PER_DAY) + 0.5) / STEPS_PER_DAY
    return _Slow(np.interp(steps, centres, trend), np.interp(steps, centres, yearly))


def _yearly_season(days: Floats) -> tuple[Floats, Floats]:
    from statsmodels.tsa.seasonal import STL

    fitted = STL(
        days,
        period=YEAR,
        seasonal=_YEARLY_WINDOW,
        seasonal_deg=0,  # a line through a day's few years would follow the weather of each
        trend_jump=_JUMP_DAYS,
        low_pass_jump=_JUMP_DAYS,
    ).fit()
    season, half = np.asarray(fitted.seasonal), _SMOOTH_DAYS // 2
    around = np.concatenate(
        [season[YEAR - half : YEAR], season, season[len(season) - YEAR :][:half]]
    )
    smooth = np.convolve(around, np.full(_SMOOTH_DAYS, 1 / _SMOOTH_DAYS), mode="valid")
    return np.asarray(fitted.trend), smooth


def _daily_season(deviations: Floats, times: pd.DatetimeIndex) -> Floats:
    """Season of the day (°C), changing slowly over the year; zero in less than two days."""
    from statsmodels.tsa.seasonal import STL

    if len(deviations) < 2 * STEPS_PER_DAY:
        return np.zeros(len(deviations))
    series = pd.Series(deviations)
    filled = series.fillna(series.groupby([times.month, times.hour]).transform("mean"))
    filled = filled.fillna(series.groupby(times.hour).transform("mean")).fillna(0.0)
    fitted = STL(filled.to_numpy(), period=STEPS_PER_DAY, seasonal=_DAILY_WINDOW).fit()
    return np.asarray(fitted.seasonal)


def _fill_days(days: Floats, number: npt.NDArray[np.int64]) -> Floats:
    """Fill missing days by two harmonics of the year; in a short series by a line.

    A day of which a step is missing has no mean: what is left of it leans to its warm or its
    cold side.
    """
    known = ~np.isnan(days)
    if known.all():
        return days
    if not known.any():  # never a whole day; the steps say what they can
        return np.zeros(len(days))
    span = np.ptp(number[known])
    if span < YEARS_NEEDED * YEAR:
        return np.interp(number, number[known], days[known])
    angle = 2 * np.pi * number / 365.25
    waves = [f(k * angle) for k in (1, 2) for f in (np.cos, np.sin)]
    design = np.column_stack([np.ones(len(days)), *waves])
    weights, *_ = np.linalg.lstsq(design[known], days[known], rcond=None)
    return np.where(known, days, design @ weights)
