"""Decomposition of the temperature by MSTL (Bandara, Hyndman and Bergmeir, 2021, arXiv:2107.13462).

Each loess is evaluated at some points only, with lines between (`*_jump`): nine years of 3-hour
steps take a fraction of a second instead of a minute.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.execution.progress import track
from triptych.weather.steps import STEP_HOURS
from triptych.weather.variables import TEMPERATURE

STEPS_PER_DAY = 24 // STEP_HOURS
DAY = pd.Timedelta(days=1)
PARTS = ["trend", "yearly", "daily"]
# 29 February is left out, so that a day of the year keeps its place
_STEPS_PER_YEAR = 365 * STEPS_PER_DAY
_STEPS_NEEDED = 2 * _STEPS_PER_YEAR  # for a yearly season
_YEARLY_WINDOW = 11  # years that a day of the year is averaged with
_DAILY_WINDOW = 61  # days that a time of day is smoothed over
_SMOOTH_STEPS = 31 * STEPS_PER_DAY + 1
_TO_DEVIATION = 1.4826  # MAD to standard deviation, of a normal distribution
_FINEST = 0.1  # °C: the resolution of the data
_LONG: dict[str, Any] = {
    "seasonal_deg": 0,  # a line through a day's few years would follow the weather of each
    "seasonal_jump": 6,
    "trend_jump": 30 * STEPS_PER_DAY,
    "low_pass_jump": 30 * STEPS_PER_DAY,
}
_SHORT: dict[str, Any] = {
    "seasonal_deg": 0,
    "trend": 91 * STEPS_PER_DAY + 1,
    "trend_jump": STEPS_PER_DAY,
}

Floats = npt.NDArray[np.float64]


def decompose(history: pd.DataFrame) -> pd.DataFrame:
    """Decompose the temperature of each location: observed = trend + yearly + daily + residual.

    The yearly season is smoothed over 31 days after MSTL, which leaves neighbouring days of the
    year unrelated (Cleveland et al., 1990, J. Official Statistics 6, post-smoothing of the
    seasonal). A series of less than two years has none: its trend, a loess over 91 days, carries
    it. Gaps are filled for the fit only, and stay missing in `observed` and `residual`.

    Returns location, time, observed, trend, yearly, daily, residual (all °C), whole UTC days; all
    NaN for a location without any temperature.
    """
    tables = [
        _decompose_location(rows.set_index("time")[TEMPERATURE]).assign(location=slug)
        for slug, rows in track(history.groupby("location", sort=True), "Decomposing")
    ]
    table = pd.concat(tables).rename_axis("time").reset_index()
    table["residual"] = table["observed"] - table[PARTS].sum(axis=1, skipna=False)
    return table[["location", "time", "observed", *PARTS, "residual"]]


def completed(decomposition: pd.DataFrame) -> pd.Series:
    """Give the observed temperature (°C), with gaps filled by trend and seasons."""
    return decomposition["observed"].fillna(decomposition[PARTS].sum(axis=1, skipna=False))


def _decompose_location(series: pd.Series) -> pd.DataFrame:
    start, end = series.index.min().floor("D"), series.index.max().floor("D") + DAY
    times = pd.date_range(start, end, freq=f"{STEP_HOURS}h", inclusive="left", unit="us")
    observed = series.astype(np.float64).reindex(times).rename("observed")
    if observed.isna().all():
        return observed.to_frame().assign(**dict.fromkeys(PARTS, np.nan))
    regular = ~((times.month == 2) & (times.day == 29))  # noqa: PLR2004
    steps = _filled(observed)[regular].to_numpy()
    parts = pd.DataFrame(_parts(steps), times[regular]).reindex(times)
    # 29 February has the parts of a day beside it
    parts = parts.fillna(parts.shift(STEPS_PER_DAY)).fillna(parts.shift(-STEPS_PER_DAY))
    return parts.assign(observed=observed)


def _parts(steps: Floats) -> dict[str, Floats]:
    """Trend and seasons (°C) of steps without gaps and without 29 February."""
    from statsmodels.tsa.seasonal import MSTL

    none = np.zeros(len(steps))
    if len(steps) <= 2 * STEPS_PER_DAY:
        return {"trend": none + steps.mean(), "yearly": none, "daily": none}
    if len(steps) < _STEPS_NEEDED:
        day = MSTL(steps, periods=STEPS_PER_DAY, windows=_DAILY_WINDOW, stl_kwargs=_SHORT).fit()
        return {"trend": day.trend, "yearly": none, "daily": day.seasonal}
    # MSTL leaves out a period of exactly half the length: one more step, of the year before
    longer = np.append(steps, steps[-_STEPS_PER_YEAR])
    periods, windows = (STEPS_PER_DAY, _STEPS_PER_YEAR), (_DAILY_WINDOW, _YEARLY_WINDOW)
    fitted = MSTL(longer, periods=periods, windows=windows, stl_kwargs=_LONG).fit()
    daily, yearly = fitted.seasonal[:-1].T
    # the mean over 31 days, at the ends with the year beside them
    half, ends = _SMOOTH_STEPS // 2, (yearly[:_STEPS_PER_YEAR], yearly[-_STEPS_PER_YEAR:])
    around = np.concatenate([ends[0][-half:], yearly, ends[1][:half]])
    smooth = np.convolve(around, np.full(_SMOOTH_STEPS, 1 / _SMOOTH_STEPS), mode="valid")
    return {"trend": fitted.trend[:-1], "yearly": smooth, "daily": daily}


def _filled(observed: pd.Series) -> pd.Series:
    """Fill missing steps by the mean of their hour: in ten days of all years, or in a short series.

    A short series departs from it with its season: the departure is interpolated linearly.
    """
    times = pd.DatetimeIndex(observed.index)
    if len(observed) >= _STEPS_NEEDED:
        usual = observed.groupby([times.day_of_year // 10, times.hour]).transform("mean")
        return observed.fillna(usual).interpolate(limit_direction="both")
    usual = observed.groupby(times.hour).transform("mean")
    departure = (observed - usual).interpolate(limit_direction="both")
    return observed.fillna(usual + departure).interpolate(limit_direction="both")


def summarize_parts(decomposition: pd.DataFrame) -> pd.DataFrame:
    """Summarize each location's decomposition: ranges of the mean courses, strengths of the parts.

    The strength of a part is max(0, 1 - Var(residual) / Var(part + residual)) (Wang, Smith and
    Hyndman, 2006, Data Mining and Knowledge Discovery 13, section 3).
    """
    rows = [
        {"location": slug, **_summarize_location(parts)}
        for slug, parts in decomposition.groupby("location", sort=True)
    ]
    return pd.DataFrame(rows)


def _summarize_location(parts: pd.DataFrame) -> dict[str, object]:
    time = parts["time"]
    courses = {
        "trend": parts["trend"],
        "yearly": parts["yearly"].groupby(time.dt.day_of_year).mean(),
        "daily": parts["daily"].groupby(time.dt.hour).mean(),
    }
    note = ""
    if len(parts) < _STEPS_NEEDED:
        note = "yearly season left out, it needs 2 years: the trend (mean over 91 days) carries it"
    if parts["observed"].isna().all():
        note = "no temperature in this period: nothing to decompose"
    return {
        "start": time.min(),
        "end": time.max(),
        "years": round(len(parts) / STEPS_PER_DAY / 365.25, 2),
        "missing_share": parts["observed"].isna().mean(),
        "mean": parts["observed"].mean(),
        **{f"{name}_range": course.max() - course.min() for name, course in courses.items()},
        "residual_sd": parts["residual"].std(),
        **{f"strength_{name}": _strength(parts[name], parts["residual"]) for name in PARTS},
        "note": note,
    }


def _strength(part: pd.Series, residual: pd.Series) -> float:
    remaining, together = residual.var(), (part + residual).var()
    if not together > np.finfo(np.float32).eps:  # nothing varies, or nothing is known
        return float("nan")
    return float(max(0.0, 1.0 - remaining / together))


def robust_scores(decomposition: pd.DataFrame) -> pd.DataFrame:
    """Score the residual of every step: z = (residual - median) / (1.4826 MAD); NaN if missing.

    Median and MAD (Iglewicz and Hoaglin, 1993, How to Detect and Handle Outliers, section 3) are
    those of the location and calendar month, since winter is more variable than summer.
    """
    keys = [decomposition["location"], decomposition["time"].dt.month.rename("month")]
    residual = decomposition["residual"]
    centred = residual - residual.groupby(keys).transform("median")
    spread = centred.abs().groupby(keys).transform("median")
    scale = (_TO_DEVIATION * spread).clip(lower=_FINEST)
    return decomposition[["location", "time", "observed"]].assign(
        expected=decomposition[PARTS].sum(axis=1, skipna=False),
        residual=residual,
        scale=scale,
        score=centred / scale,
    )


def find_anomalies(decomposition: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Return the rows of `robust_scores` beyond `threshold`, in robust standard deviations."""
    scores = robust_scores(decomposition)
    return scores[scores["score"].abs() > threshold].reset_index(drop=True)
