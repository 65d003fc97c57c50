"""Are the one-step errors of a fitted process white, and of the same variance all the time?"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from triptych.forecasting.contract import STEPS_PER_DAY
from triptych.forecasting.evaluation.residuals import (
    autocorrelations,
    farthest_from_zero,
    ljung_box,
    variance_ratio,
    with_calendar,
)
from triptych.forecasting.features.climatology import annual_basis
from triptych.forecasting.features.grid import FloatArray, IntArray, step_numbers

TEST_COLUMNS = (
    "location",
    "test",
    "lags",
    "n",
    "fitted_parameters",
    "degrees",
    "statistic",
    "p_value",
    "effect",
    "effect_size",
)
ACF_COLUMNS = ("location", "lag", "autocorrelation", "n")
LAGS = (8, 16, 24, 56)  # steps of 3 h: one, two, three and seven days
ARCH_LAGS = STEPS_PER_DAY
HARMONICS = 2  # of the year and of the day, in the test for a variance that follows them


def check_innovations(
    innovations: pd.DataFrame, fitted_parameters: Mapping[str, int]
) -> pd.DataFrame:
    """Tests of a statistical forecaster's `innovations`, TEST_COLUMNS by location and test.

    `fitted_parameters`: number of ARMA coefficients estimated for each location (p + q + P + Q).

    - `ljung_box` at each of LAGS above that number. Effect: the autocorrelation farthest from 0.
      Regressions of `sarimax` and `sarima_ridge` take no degree of freedom: the χ² law is known for
      ARMA coefficients alone.
    - `arch_lm` on ARCH_LAGS squares (Engle, Econometrica 50, 1982, 987-1007). Effect: R².
    - `breusch_pagan_hour`, `breusch_pagan_season`: variance by HARMONICS of the day, of the year
      (Koenker, J. Econometrics 17, 1981, 107-112). Effect: largest variance of an hour (UTC), of a
      season over the smallest.

    Missing steps take no part and pairs do not span gaps. With tens of thousands of steps every
    test rejects; the effect says whether it matters.
    """
    places, series, steps = _series(innovations)
    counts = np.array([fitted_parameters[place] for place in places], dtype=np.int64)
    parts = [_ljung_box(places, series, counts, lags) for lags in LAGS]
    deviations = _deviations(series)
    parts.append(_by_regression("arch_lm", places, deviations, None))
    calendar = with_calendar(innovations)
    for by, basis in (("hour", _day_basis(steps)), ("season", annual_basis(steps, HARMONICS))):
        part = _by_regression(f"breusch_pagan_{by}", places, deviations, basis)
        ratio = variance_ratio(calendar, "innovation", by, ["location"]).reindex(places)
        parts.append(part.assign(effect=f"variance ratio of {by}s", effect_size=ratio.to_numpy()))
    found = pd.concat(parts, ignore_index=True)
    found["fitted_parameters"] = found["location"].map(fitted_parameters)
    found = found.sort_values("location", kind="stable", ignore_index=True)
    return found[list(TEST_COLUMNS)]


def innovation_autocorrelations(innovations: pd.DataFrame) -> pd.DataFrame:
    """ACF_COLUMNS at lags 1 … the last of LAGS, steps of 3 h; n known."""
    places, series, _ = _series(innovations)
    lags = LAGS[-1]
    return pd.DataFrame(
        {
            "location": np.repeat(places, lags),
            "lag": np.tile(np.arange(1, lags + 1), len(places)),
            "autocorrelation": autocorrelations(series, lags).ravel(),
            "n": np.repeat(np.isfinite(series).sum(axis=1), lags),
        }
    )


def _series(innovations: pd.DataFrame) -> tuple[list[str], FloatArray, IntArray]:
    """Names, values (location, step) and step numbers of a frame that is complete and sorted."""
    places = innovations["location"].unique().tolist()
    series = innovations["innovation"].to_numpy(dtype=np.float64).reshape(len(places), -1)
    return places, series, step_numbers(innovations["time"].iloc[: series.shape[1]])


def _ljung_box(places: list[str], series: FloatArray, counts: IntArray, lags: int) -> pd.DataFrame:
    allowed = counts < lags
    chosen = series[allowed]
    statistic, p_value = ljung_box(chosen, lags, counts[allowed])
    return pd.DataFrame(
        {
            "location": np.array(places, dtype=object)[allowed],
            "test": "ljung_box",
            "lags": lags,
            "n": np.isfinite(chosen).sum(axis=1),
            "degrees": lags - counts[allowed],
            "statistic": statistic,
            "p_value": p_value,
            "effect": "largest autocorrelation",
            "effect_size": farthest_from_zero(autocorrelations(chosen, lags)),
        }
    )


def _deviations(series: FloatArray) -> FloatArray:
    known = np.isfinite(series)
    mean = np.where(known, series, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.asarray(series - mean[:, None], dtype=np.float64)


def _by_regression(
    test: str, places: list[str], series: FloatArray, basis: FloatArray | None
) -> pd.DataFrame:
    """n R² of the squares of each row on `basis` (step, column with a constant) or their past."""
    found = [_multiplier(row, _past(row**2) if basis is None else basis) for row in series]
    n, statistic, p_value = np.array(found).T
    return pd.DataFrame(
        {
            "location": pd.Series(places, dtype="object"),
            "test": test,
            "lags": ARCH_LAGS if basis is None else 0,
            "n": n.astype(int),
            "degrees": ARCH_LAGS if basis is None else basis.shape[1] - 1,
            "statistic": statistic,
            "p_value": p_value,
            "effect": "share of the squares' variance explained",
            "effect_size": statistic / n,
        }
    )


def _multiplier(values: FloatArray, design: FloatArray) -> tuple[int, float, float]:
    """Rows in which all is known, n R² over them and its p-value; NaN if nothing varies.

    statsmodels' het_arch is the same regression, but takes no gaps.
    """
    from statsmodels.stats.diagnostic import het_breuschpagan

    known = np.isfinite(values) & np.isfinite(design).all(axis=1)
    y, x = values[known], design[known]
    if len(y) <= x.shape[1] or not np.ptp(y**2) > 0:
        return len(y), float("nan"), float("nan")
    statistic, p_value, *_ = het_breuschpagan(y, x)
    return len(y), float(statistic), float(p_value)


def _past(squares: FloatArray) -> FloatArray:
    """1 and the squares of the ARCH_LAGS steps before each, NaN before the first."""
    past = np.full((len(squares), ARCH_LAGS + 1), np.nan)
    past[:, 0] = 1.0
    for lag in range(1, ARCH_LAGS + 1):
        past[lag:, lag] = squares[:-lag]
    return past


def _day_basis(steps: IntArray) -> FloatArray:
    angle = 2 * np.pi * (steps % STEPS_PER_DAY) / STEPS_PER_DAY
    waves = [wave(order * angle) for order in range(1, HARMONICS + 1) for wave in (np.cos, np.sin)]
    return np.stack([np.ones(len(steps)), *waves], axis=1)
