"""Are the one-step errors of a fitted process white, and of the same variance all the time?"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from triptych.forecasting.contract import STEPS_PER_DAY
from triptych.forecasting.evaluation.autocorrelation import autocorrelations, ljung_box
from triptych.forecasting.evaluation.residuals import (
    farthest_from_zero,
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

    - `ljung_box` at each of LAGS that exceeds that number, which its degrees of freedom are short
      of (correlation.ljung_box). Effect: the autocorrelation farthest from 0 up to there. The
      regressions of `sarimax` and `sarima_ridge` take no degree: the χ² law is known for ARMA
      coefficients alone.
    - `arch_lm`: do large squares follow large squares? n R² of the squares on ARCH_LAGS squares
      before (Engle, Econometrica 50, 1982, 987-1007). Effect: R².
    - `breusch_pagan_hour`, `breusch_pagan_season`: does the variance follow HARMONICS of the day,
      of the year? n R² of the squares on them (Koenker, J. Econometrics 17, 1981, 107-112: without
      supposing normality). Effect: largest variance of an hour (UTC), of a season over the
      smallest.

    A step with a missing value takes no part; one before or after a gap has no pair across it. Ten
    years are tens of thousands of steps: every test rejects at that size, and the effect says
    whether it matters. An autocorrelation of 0.03 is worth less than 0.05 % of a forecast's RMSE.
    """
    places, series, steps = _series(innovations)
    counts = np.array([fitted_parameters[place] for place in places], dtype=np.int64)
    parts = [_ljung_box(places, series, counts, lags) for lags in LAGS]
    squares = _squares(series)
    parts.append(_by_regression("arch_lm", places, squares, None))
    calendar = with_calendar(innovations)
    for by, basis in (("hour", _day_basis(steps)), ("season", annual_basis(steps, HARMONICS))):
        part = _by_regression(f"breusch_pagan_{by}", places, squares, basis)
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


def _squares(series: FloatArray) -> FloatArray:
    known = np.isfinite(series)
    mean = np.where(known, series, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.asarray(np.square(series - mean[:, None]), dtype=np.float64)


def _by_regression(
    test: str, places: list[str], squares: FloatArray, basis: FloatArray | None
) -> pd.DataFrame:
    """n R² of each row of squares on `basis` (step, column with a constant), or on its own past."""
    from scipy.stats import chi2

    found = [_r_squared(row, _past(row) if basis is None else basis) for row in squares]
    n, r_squared = np.array(found).T
    degrees = ARCH_LAGS if basis is None else basis.shape[1] - 1
    return pd.DataFrame(
        {
            "location": pd.Series(places, dtype="object"),
            "test": test,
            "lags": ARCH_LAGS if basis is None else 0,
            "n": n.astype(int),
            "degrees": degrees,
            "statistic": n * r_squared,
            "p_value": chi2.sf(n * r_squared, degrees),
            "effect": "share of the squares' variance explained",
            "effect_size": r_squared,
        }
    )


def _r_squared(target: FloatArray, design: FloatArray) -> tuple[int, float]:
    """Number of rows in which all is known, and R² over them; NaN if the target is constant."""
    known = np.isfinite(target) & np.isfinite(design).all(axis=1)
    y, x = target[known], design[known]
    if len(y) <= x.shape[1] or not np.ptp(y) > 0:
        return len(y), float("nan")
    rest = y - x @ np.linalg.lstsq(x, y)[0]
    return len(y), float(1 - rest @ rest / np.square(y - y.mean()).sum())


def _past(squares: FloatArray) -> FloatArray:
    """1 and the squares of the ARCH_LAGS steps before each, NaN before the first."""
    columns = np.full((len(squares), ARCH_LAGS + 1), np.nan)
    columns[:, 0] = 1.0
    for lag in range(1, ARCH_LAGS + 1):
        columns[lag:, lag] = squares[:-lag]
    return columns


def _day_basis(steps: IntArray) -> FloatArray:
    angle = 2 * np.pi * (steps % STEPS_PER_DAY) / STEPS_PER_DAY
    waves = [wave(order * angle) for order in range(1, HARMONICS + 1) for wave in (np.cos, np.sin)]
    return np.stack([np.ones(len(steps)), *waves], axis=1)
