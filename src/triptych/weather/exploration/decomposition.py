"""Decomposition of the temperature by MSTL (Bandara, Hyndman and Bergmeir, 2021, arXiv:2107.13462).

Each loess is evaluated at some points only, with lines between (`*_jump`): nine years of 3-hour
steps take a fraction of a second instead of a minute.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.weather.steps import STEP_HOURS
from triptych.weather.variables import TEMPERATURE

STEPS_PER_DAY = 24 // STEP_HOURS
DAY = pd.Timedelta(days=1)
YEAR = 365  # days; 29 February is left out, so that a day of the year keeps its place
YEARS_NEEDED = 2
PARTS = ["trend", "yearly", "daily"]
_STEPS_PER_YEAR = YEAR * STEPS_PER_DAY
_YEARLY_WINDOW = 11  # years that a day of the year is averaged with
_DAILY_WINDOW = 61  # days that a time of day is smoothed over
_SMOOTH_STEPS = 31 * STEPS_PER_DAY + 1
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

    Args:
        history: location, time (UTC, 3-hour steps), temperature_2m (°C).

    Returns:
        location, time, observed, trend, yearly, daily, residual (all °C), whole UTC days; all NaN
        for a location without any temperature.
    """
    tables = [
        _decompose_location(rows).assign(location=slug)
        for slug, rows in history.groupby("location", sort=True)
    ]
    columns = ["location", "time", "observed", *PARTS, "residual"]
    return pd.concat(tables, ignore_index=True)[columns]


def completed(decomposition: pd.DataFrame) -> pd.Series:
    """Give the observed temperature (°C), with gaps filled by trend and seasons."""
    return decomposition["observed"].fillna(decomposition[PARTS].sum(axis=1, skipna=False))


def _decompose_location(rows: pd.DataFrame) -> pd.DataFrame:
    series = rows.set_index("time")[TEMPERATURE].astype(np.float64)
    start, end = series.index.min().floor("D"), series.index.max().floor("D") + DAY
    times = pd.date_range(start, end, freq=f"{STEP_HOURS}h", inclusive="left", unit="us")
    observed = np.asarray(series.reindex(times), dtype=np.float64)
    table = pd.DataFrame({"time": times, "observed": observed})
    if np.isnan(observed).all():
        return table.assign(**dict.fromkeys([*PARTS, "residual"], np.nan))
    regular = ~((times.month == 2) & (times.day == 29))  # noqa: PLR2004
    fitted = pd.DataFrame(_parts(_filled(observed, times)[regular]), times[regular])
    parts = fitted.reindex(times)  # 29 February has the parts of a day beside it
    parts = parts.fillna(parts.shift(STEPS_PER_DAY)).fillna(parts.shift(-STEPS_PER_DAY))
    table[PARTS] = parts.to_numpy()
    return table.assign(residual=observed - table[PARTS].sum(axis=1, skipna=False))


def _parts(steps: Floats) -> dict[str, Floats]:
    """Trend and seasons (°C) of steps without gaps and without 29 February."""
    from statsmodels.tsa.seasonal import MSTL

    none = np.zeros(len(steps))
    if len(steps) <= 2 * STEPS_PER_DAY:
        return {"trend": none + steps.mean(), "yearly": none, "daily": none}
    if len(steps) < YEARS_NEEDED * _STEPS_PER_YEAR:
        day = MSTL(steps, periods=STEPS_PER_DAY, windows=_DAILY_WINDOW, stl_kwargs=_SHORT).fit()
        return {"trend": day.trend, "yearly": none, "daily": day.seasonal}
    # MSTL leaves out a period of exactly half the length: one more step, of the year before
    longer = np.append(steps, steps[-_STEPS_PER_YEAR])
    periods, windows = (STEPS_PER_DAY, _STEPS_PER_YEAR), (_DAILY_WINDOW, _YEARLY_WINDOW)
    fitted = MSTL(longer, periods=periods, windows=windows, stl_kwargs=_LONG).fit()
    daily, yearly = fitted.seasonal[:-1].T
    return {"trend": fitted.trend[:-1], "yearly": _smoothed(yearly), "daily": daily}


def _smoothed(season: Floats) -> Floats:
    """Average the year's season over 31 days, at the ends with the year beside them."""
    half = _SMOOTH_STEPS // 2
    first, last = season[:_STEPS_PER_YEAR], season[-_STEPS_PER_YEAR:]
    around = np.concatenate([first[-half:], season, last[:half]])
    return np.convolve(around, np.full(_SMOOTH_STEPS, 1 / _SMOOTH_STEPS), mode="valid")


def _filled(observed: Floats, times: pd.DatetimeIndex) -> Floats:
    """Fill missing steps by harmonics of year and day; in a short series by those of the day.

    A short series departs from them with its season: the departure is interpolated linearly.
    """
    known = ~np.isnan(observed)
    if known.all():
        return observed
    is_long = len(times) >= YEARS_NEEDED * _STEPS_PER_YEAR
    number = np.arange(len(times))
    day = _waves(number / STEPS_PER_DAY)
    year = _waves(number / STEPS_PER_DAY / 365.25) if is_long else np.ones((len(times), 1))
    design = (year[:, :, None] * day[:, None, :]).reshape(len(times), -1)
    weights, *_ = np.linalg.lstsq(design[known], observed[known], rcond=None)
    fitted = design @ weights
    if not is_long:
        fitted = fitted + np.interp(number, number[known], (observed - fitted)[known])
    return np.where(known, observed, fitted)


def _waves(cycles: Floats) -> Floats:
    angle = 2 * np.pi * cycles
    return np.column_stack(
        [np.ones(len(cycles)), *(f(k * angle) for k in (1, 2) for f in (np.cos, np.sin))]
    )


def summarize_parts(decomposition: pd.DataFrame) -> pd.DataFrame:
    """Summarize each location's decomposition.

    The strength of a part is max(0, 1 - Var(residual) / Var(part + residual)): 1 if the residual
    is negligible beside it, 0 if the part is (Wang, Smith and Hyndman, 2006, Data Mining and
    Knowledge Discovery 13, section 3).

    Returns:
        location, start, end, years, missing_share, mean, trend_range, yearly_range and daily_range
        (highest less lowest of the mean course, °C), residual_sd (°C), strength_trend,
        strength_yearly, strength_daily, note.
    """
    rows = [
        {"location": slug, **_summarize_location(parts)}
        for slug, parts in decomposition.groupby("location", sort=True)
    ]
    return pd.DataFrame(rows)


def _summarize_location(parts: pd.DataFrame) -> dict[str, object]:
    time, days = parts["time"], len(parts) / STEPS_PER_DAY
    courses = {
        "trend": parts["trend"],
        "yearly": parts["yearly"].groupby(time.dt.day_of_year).mean(),
        "daily": parts["daily"].groupby(time.dt.hour).mean(),
    }
    note = ""
    if days < YEARS_NEEDED * YEAR:
        note = (
            f"yearly season left out, it needs {YEARS_NEEDED} years: the trend (mean over 91 days) "
            "carries it"
        )
    if parts["observed"].isna().all():
        note = "no temperature in this period: nothing to decompose"
    return {
        "start": time.min(),
        "end": time.max(),
        "years": round(days / 365.25, 2),
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
