"""Are the one-step errors of a fitted process white, and of the same variance all the time?"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from triptych.forecasting.arrays import FloatArray
from triptych.forecasting.contract import STEPS_PER_DAY
from triptych.forecasting.evaluation.residuals import (
    autocorrelations,
    farthest_from_zero,
    ljung_box,
    variance_ratio,
    with_calendar,
)
from triptych.forecasting.features.climatology import annual_basis
from triptych.forecasting.features.grid import step_numbers
from triptych.forecasting.features.panel import long_frame

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

    - `ljung_box` at each of LAGS above `fitted_parameters`, the number of ARMA coefficients; those
      of regressions take no degree of freedom. Effect: the autocorrelation farthest from 0.
    - `arch_lm` on ARCH_LAGS squares (Engle, Econometrica 50, 1982, 987-1007). Effect: R².
    - `breusch_pagan_hour`, `breusch_pagan_season`: variance by HARMONICS of the day, of the year
      (Koenker, J. Econometrics 17, 1981, 107-112). Effect: largest variance of an hour (UTC), of a
      season over the smallest.

    Missing steps take no part and pairs do not span gaps. With tens of thousands of steps every
    test rejects; the effect says whether it matters.
    """
    rows = [
        {"location": place, "fitted_parameters": fitted_parameters[str(place)], **row}
        for place, own in with_calendar(innovations).groupby("location")
        for row in _tests(own, fitted_parameters[str(place)])
    ]
    return pd.DataFrame(rows, columns=list(TEST_COLUMNS))


def innovation_autocorrelations(innovations: pd.DataFrame) -> pd.DataFrame:
    """ACF_COLUMNS at lags 1 … the last of LAGS, steps of 3 h; n known."""
    wide = innovations.pivot(index="location", columns="time", values="innovation")
    found = autocorrelations(wide.to_numpy(dtype=np.float64), LAGS[-1])
    lag, known = np.arange(1, LAGS[-1] + 1), wide.count(axis=1).to_numpy()[:, None]
    return long_frame(list(wide.index), lag=lag, autocorrelation=found, n=known)


def _tests(innovations: pd.DataFrame, fitted_parameters: int) -> Iterator[dict[str, Any]]:
    """The tests of one location."""
    values = innovations["innovation"].to_numpy(dtype=np.float64)
    steps, known = step_numbers(innovations["time"]), int(np.isfinite(values).sum())
    for lags in LAGS:
        if lags > fitted_parameters:
            (statistic,), (p_value,) = ljung_box(values[None], lags, fitted_parameters)
            (largest,) = farthest_from_zero(autocorrelations(values[None], lags))
            yield {
                "test": "ljung_box", "lags": lags, "n": known, "degrees": lags - fitted_parameters,
                "statistic": statistic, "p_value": p_value, "effect": "largest autocorrelation",
                "effect_size": largest,
            }  # fmt: skip
    deviations = values - np.where(np.isfinite(values), values, 0.0).sum() / max(known, 1)
    past = [pd.Series(deviations**2).shift(lag) for lag in range(1, ARCH_LAGS + 1)]
    row = _multiplier(deviations, np.stack([np.ones(len(values)), *past], axis=1))
    effect = "share of the squares' variance explained"
    size = row["statistic"] / row["n"] if row["n"] else np.nan
    yield {"test": "arch_lm", "lags": ARCH_LAGS, "effect": effect, "effect_size": size, **row}
    angle = 2 * np.pi * (steps % STEPS_PER_DAY) / STEPS_PER_DAY
    waves = [wave(order * angle) for order in range(1, HARMONICS + 1) for wave in (np.cos, np.sin)]
    of_day = np.stack([np.ones(len(steps)), *waves], axis=1)
    for by, basis in (("hour", of_day), ("season", annual_basis(steps, HARMONICS))):
        ratio = variance_ratio(innovations, "innovation", by, ["location"]).iloc[0]
        row = _multiplier(deviations, basis)
        test, effect = f"breusch_pagan_{by}", f"variance ratio of {by}s"
        yield {"test": test, "lags": 0, "effect": effect, "effect_size": ratio, **row}


def _multiplier(values: FloatArray, design: FloatArray) -> dict[str, float]:
    """Number of complete rows, n R² over them of the squares on `design` (step, column with a
    constant) and its p-value; NaN if nothing varies. statsmodels' het_arch takes no gaps.
    """
    from statsmodels.stats.diagnostic import het_breuschpagan

    known = np.isfinite(values) & np.isfinite(design).all(axis=1)
    y, x = values[known], design[known]
    row = {"n": len(y), "degrees": x.shape[1] - 1, "statistic": np.nan, "p_value": np.nan}
    if len(y) > x.shape[1] and np.ptp(y**2) > 0:
        row["statistic"], row["p_value"], *_ = het_breuschpagan(y, x)
    return row
