"""How much of a temperature is trend, season of the year, season of the day, and remainder."""

import numpy as np
import pandas as pd

from triptych.weather.exploration.decomposition import PARTS, STEPS_PER_DAY, YEAR, YEARS_NEEDED


def summarize(decomposition: pd.DataFrame) -> pd.DataFrame:
    """Tabulate each location's decomposition.

    The strength of a part is max(0, 1 - Var(residual) / Var(part + residual)): 1 if the residual
    is nothing beside it, 0 if it is lost in it (Wang, Smith and Hyndman, 2006, Data Mining and
    Knowledge Discovery 13, section 3).

    Args:
        decomposition: location, time, observed, trend, yearly, daily, residual (°C).

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
    return {
        "start": time.min(),
        "end": time.max(),
        "years": round(days / 365.25, 2),
        "missing_share": parts["observed"].isna().mean(),
        "mean": parts["observed"].mean(),
        **{f"{name}_range": course.max() - course.min() for name, course in courses.items()},
        "residual_sd": parts["residual"].std(),
        **{f"strength_{name}": _strength(parts[name], parts["residual"]) for name in PARTS},
        "note": _note(parts, days),
    }


def _strength(part: pd.Series, residual: pd.Series) -> float:
    remaining, together = residual.var(), (part + residual).var()
    if not together > np.finfo(np.float32).eps:  # nothing varies, or nothing is known
        return float("nan")
    return float(max(0.0, 1.0 - remaining / together))


def _note(parts: pd.DataFrame, days: float) -> str:
    if parts["observed"].isna().all():
        return "no temperature in this period: nothing to decompose"
    if days < YEARS_NEEDED * YEAR:
        return (
            f"yearly season left out, it needs {YEARS_NEEDED} years: the trend (mean over 91 days) "
            "carries it"
        )
    return ""
