"""Has the weather that a model is fed left what it was trained on? Like seasons are compared."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from triptych.forecasting.arrays import BoolArray, FloatArray, IntArray
from triptych.forecasting.contract import STEPS_PER_DAY, TEMPERATURE
from triptych.forecasting.features.grid import HOURLY_TEMPERATURES, step_numbers, to_grid
from triptych.forecasting.features.panel import with_wind_components

BINS = 10
DAYS_PER_YEAR = 365.2425
LARGEST_CORRELATION = 0.95
DRIFT_COLUMNS = (
    "location", "variable", "days_recent", "days_training", "mean_recent", "mean_training", "psi",
    "ks", "effective_days", "p_value", "p_adjusted", "drifted",
)  # fmt: skip


def measure_drift(
    history: pd.DataFrame,
    training: Mapping[str, tuple[pd.Timestamp, pd.Timestamp]],
    *,
    days: int,
    min_days: int,
    alpha: float,
    psi: float,
) -> pd.DataFrame:
    """Compare the last `days` of each variable with the same days of the year in training.

    Daily means, wind as components. `training`: [start, end) by location. Drift is a
    Kolmogorov-Smirnov p below `alpha` after Benjamini and Hochberg's correction (J. R. Stat. Soc. B
    57, 1995, 289-300) and a stability index of at least `psi`. Returns DRIFT_COLUMNS; p is NaN
    with fewer than `min_days` known.
    """
    from scipy.stats import false_discovery_control

    places, dates, daily = _daily_means(history)
    rows = []
    for row, location in enumerate(places):
        if location not in training:
            continue
        first, last = step_numbers(pd.DatetimeIndex(training[location])) / STEPS_PER_DAY
        age = dates[np.isfinite(daily[TEMPERATURE][row])].max(initial=0) - dates
        recent = (age >= 0) & (age < days)
        like = (age % DAYS_PER_YEAR < days) & (age >= days)
        seasonal = like & (dates >= first) & (dates < last)
        for name, values in daily.items():
            known = np.isfinite(values[row])
            if (recent & known).any() and (seasonal & known).any():
                compared = _compare(values[row], recent & known, seasonal & known, min_days)
                rows.append({"location": location, "variable": name, **compared})
    table = pd.DataFrame(rows, columns=list(DRIFT_COLUMNS[:-2]))
    tested = table["p_value"].dropna().astype(float)
    adjusted = pd.Series(false_discovery_control(tested), tested.index).reindex(table.index)
    drifted = (adjusted < alpha) & (table["psi"] >= psi)
    return table.assign(p_adjusted=adjusted, drifted=drifted)


def stability_index(recent: FloatArray, reference: FloatArray) -> float:
    """Population stability index over the quantile bins of `reference` (Siddiqi, Credit Risk
    Scorecards, 2006, chapter 9); 0.1 is a small change, 0.25 a large one.

    Half a value is added to each bin: an empty one is rare, not impossible.
    """
    edges = np.unique(np.quantile(reference, np.linspace(0, 1, BINS + 1)[1:-1]))
    shares = []
    for sample in (recent, reference):
        counts = np.bincount(np.searchsorted(edges, sample, side="right"), minlength=len(edges) + 1)
        shares.append((counts + 0.5) / (len(sample) + 0.5 * len(counts)))
    p, q = shares
    return float(((p - q) * np.log(p / q)).sum())


def same_distribution(
    recent: FloatArray, reference: FloatArray, correlation: float
) -> tuple[float, float, float]:
    """Two-sample Kolmogorov-Smirnov test of autocorrelated days: statistic, p, effective recent
    days.

    n days with a day-to-day correlation r count as n (1 - r) / (1 + r) independent ones (Wilks,
    Statistical Methods in the Atmospheric Sciences, 2011, section 5.2.4).
    """
    from scipy.stats import ks_2samp, kstwo

    share = (1 - correlation) / (1 + correlation)
    statistic = float(ks_2samp(recent, reference, method="asymp").statistic)
    sizes = len(recent) * share, len(reference) * share
    joint = max(1, round(sizes[0] * sizes[1] / (sizes[0] + sizes[1])))
    return statistic, float(kstwo.sf(statistic, joint)), sizes[0]


def _daily_means(history: pd.DataFrame) -> tuple[tuple[str, ...], IntArray, dict[str, FloatArray]]:
    """Locations, day numbers and means of whole UTC days by variable, (location, day)."""
    grid = with_wind_components(to_grid(history))
    skipped = -grid.first % STEPS_PER_DAY
    count = (grid.length - skipped) // STEPS_PER_DAY
    whole = slice(skipped, skipped + count * STEPS_PER_DAY)
    daily = {
        name: values[:, whole].reshape(len(values), count, STEPS_PER_DAY).mean(axis=2)
        for name, values in grid.values.items()
        if name not in HOURLY_TEMPERATURES
    }
    return grid.locations, (grid.first + skipped) // STEPS_PER_DAY + np.arange(count), daily


def _compare(
    values: FloatArray, recent: BoolArray, seasonal: BoolArray, min_days: int
) -> dict[str, float]:
    now, then = values[recent], values[seasonal]
    ks, p_value, effective = same_distribution(now, then, _correlation(values, seasonal))
    return {
        "days_recent": len(now),
        "days_training": len(then),
        "mean_recent": now.mean(),
        "mean_training": then.mean(),
        "psi": stability_index(now, then),
        "ks": ks,
        "effective_days": effective,
        "p_value": p_value if min(len(now), len(then)) >= min_days else np.nan,
    }


def _correlation(values: FloatArray, chosen: BoolArray) -> float:
    """Correlation of one day with the next within the chosen days, 0 … LARGEST_CORRELATION."""
    pairs = chosen[1:] & chosen[:-1]
    before, after = values[:-1][pairs], values[1:][pairs]
    mean, spread = values[chosen].mean(), values[chosen].var()
    if len(before) == 0 or spread == 0:
        return 0.0
    correlation = ((before - mean) * (after - mean)).mean() / spread
    return float(np.clip(correlation, 0.0, LARGEST_CORRELATION))
