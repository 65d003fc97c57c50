"""Residuals of forecasts (observed minus forecast, °C; the opposite sign of `bias`), and tests of
the one-step errors of fitted processes: are they white, and of one variance?
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from triptych.forecasting.arrays import FloatArray
from triptych.forecasting.contract import DAY_LEADS, STEPS_PER_DAY
from triptych.forecasting.errors import ForecastingError
from triptych.forecasting.evaluation.metrics import DAY, sort_leads
from triptych.forecasting.features.grid import step_numbers
from triptych.forecasting.features.panel import annual_basis, long_frame

GROUP_COLUMNS = ("location", "model", "by", "value", "n", "mean", "std", "rmse")
SEASONS = ("DJF", "MAM", "JJA", "SON")
DAILY_LAGS = 14  # days
SERIES = ["location", "model", "lead"]
TEST_COLUMNS = (
    "location", "test", "lags", "n", "fitted_parameters", "degrees", "statistic", "p_value",
    "effect", "effect_size",
)  # fmt: skip
ACF_COLUMNS = ("location", "lag", "autocorrelation", "n")
LAGS = (8, 16, 24, 56)  # steps of 3 h: one, two, three and seven days
ARCH_LAGS = STEPS_PER_DAY
HARMONICS = 2  # of the year and of the day, in the test for a variance that follows them


def forecast_residuals(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Residuals of backtests, °C, with the target's calendar; ForecastingError without any."""
    rows = forecasts[["location", "model", "as_of", "time", "lead", "mean"]].assign(
        residual=forecasts["observed"] - forecasts["mean"]
    )
    rows = rows[rows["residual"].notna()]
    if rows.empty:
        raise ForecastingError(
            "No forecast has an observed target, so there is no residual: backtest a period whose "
            "weather is known."
        )
    return with_calendar(rows.reset_index(drop=True))


def with_calendar(rows: pd.DataFrame) -> pd.DataFrame:
    """Add `hour` (UTC), `month` and `season` of the column `time`."""
    month = rows["time"].dt.month
    season = pd.Categorical.from_codes(month % 12 // 3, pd.Index(SEASONS), ordered=True)
    return rows.assign(hour=rows["time"].dt.hour, month=month, season=season)


def summarise(residuals: pd.DataFrame) -> pd.DataFrame:
    """Moments, normality, spread and memory of `forecast_residuals` by location, model and lead (1
    … 8, and `1-8` for the day).

    Own arithmetic serves all series at once (scipy: 1 ms each). jarque_bera: Int. Stat. Rev. 55,
    1987, 163-172. beyond_3_sigma: share beyond three standard deviations. ljung_box, largest_acf:
    of the daily series of one lead over DAILY_LAGS days.
    """
    day = residuals[residuals["lead"].isin(DAY_LEADS)]
    rows = pd.concat([day.assign(lead=day["lead"].astype(str)), day.assign(lead=DAY)])
    keys, series = daily_series(day)
    statistic, p_value = ljung_box(series, DAILY_LAGS)
    memory = keys.assign(
        lead=keys["lead"].astype(str),
        ljung_box=statistic,
        ljung_box_p=p_value,
        largest_acf=farthest_from_zero(autocorrelations(series, DAILY_LAGS)),
    )
    table = _moments(rows)
    for by in ("hour", "season"):
        table[f"{by}_variance_ratio"] = variance_ratio(rows, "residual", by, SERIES)
    table = table.join(memory.set_index(SERIES)).reset_index()
    of_day = table["lead"] == DAY  # a single lead has but one hour
    table["hour_variance_ratio"] = table["hour_variance_ratio"].where(of_day)
    return sort_leads(table, SERIES)


def by_time(residuals: pd.DataFrame) -> pd.DataFrame:
    """GROUP_COLUMNS in °C by `hour` (UTC) and `season` of the first day, and by `lead`."""
    day = residuals[residuals["lead"].isin(DAY_LEADS)]
    parts: list[pd.DataFrame] = []
    for by, rows in (("hour", day), ("season", day), ("lead", residuals)):
        valued = rows.assign(value=rows[by], square=rows["residual"] ** 2)
        groups = valued.groupby(["location", "model", "value"])
        table = groups["residual"].agg(n="size", mean="mean", std="std")
        table = table.assign(rmse=groups["square"].mean() ** 0.5, by=by).reset_index()
        parts.append(table.astype({"value": "str"}))
    return pd.concat(parts, ignore_index=True)[list(GROUP_COLUMNS)]


def variance_ratio(rows: pd.DataFrame, column: str, by: str, keys: list[str]) -> "pd.Series[float]":
    """Largest variance of `column` in any `by` over the smallest, by `keys`."""
    variance = rows.groupby([*keys, by])[column].var().groupby(keys)
    lowest = variance.min()
    return variance.max() / lowest.where(lowest > 0)


def daily_series(residuals: pd.DataFrame) -> tuple[pd.DataFrame, FloatArray]:
    """Residuals of each location, model and lead by day: the keys, and an array (series, day)."""
    table = residuals.set_index([*SERIES, "as_of"])["residual"].unstack("as_of")
    days = pd.DatetimeIndex(table.columns)
    complete = pd.date_range(days.min(), days.max(), freq="D")
    values = table.reindex(columns=complete).to_numpy(dtype=np.float64)
    return table.index.to_frame(index=False), values


def farthest_from_zero(values: FloatArray) -> FloatArray:
    """The value of largest size in each row, with its sign; NaN for a row of NaN."""
    place = np.nan_to_num(np.abs(values)).argmax(axis=1)
    return np.asarray(np.take_along_axis(values, place[:, None], axis=1)[:, 0], dtype=np.float64)


def _moments(rows: pd.DataFrame) -> pd.DataFrame:
    from scipy.stats import chi2

    groups = rows.groupby(SERIES)["residual"]
    deviation = rows["residual"] - groups.transform("mean")
    powers = rows[SERIES].assign(
        mean=rows["residual"],
        beyond_3_sigma=(deviation.abs() > 3 * groups.transform("std")).astype(float),
        **{f"m{power}": deviation**power for power in (2, 3, 4)},
    )
    means, n = powers.groupby(SERIES).mean(), groups.size()
    variance = means["m2"].where(means["m2"] > 0)
    skewness, kurtosis = means["m3"] / variance**1.5, means["m4"] / variance**2 - 3
    jarque_bera = n / 6 * (skewness**2 + kurtosis**2 / 4)
    columns = {
        "n": n, "mean": means["mean"], "std": groups.std(), "skewness": skewness,
        "excess_kurtosis": kurtosis, "jarque_bera": jarque_bera,
        "jarque_bera_p": chi2.sf(jarque_bera, 2), "beyond_3_sigma": means["beyond_3_sigma"],
    }  # fmt: skip
    return pd.DataFrame(columns)


def autocorrelations(series: FloatArray, lags: int) -> FloatArray:
    """Autocorrelation of each row at lags 1 … `lags`, shape (series, lag); NaN without a pair.

    With gaps as in Parzen, Sankhya A 25, 1963, 383-392; statsmodels takes none.
    """
    products, pairs, squares, known = _products(series, lags)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (products / pairs) / (squares / known)[:, None]
    return np.asarray(ratio * (1 - np.arange(1, lags + 1) / series.shape[1]), dtype=np.float64)


def ljung_box(
    series: FloatArray, lags: int, fitted_parameters: int = 0
) -> tuple[FloatArray, FloatArray]:
    """Ljung-Box statistic of each row and its p-value (Biometrika 65, 1978, 297-303).

    Each of the ARMA coefficients that were estimated, fewer than the lags, takes a degree of
    freedom. With gaps as in Stoffer and Toloi, Stat. Prob. Letters 13, 1992, 391-396, which
    statsmodels lacks. NaN for a row that is constant or has no pair.
    """
    from scipy.stats import chi2

    products, pairs, squares, known = _products(series, lags)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = (products / squares[:, None]) ** 2 / pairs
    statistic = known * (known + 2) * terms.sum(axis=1)
    return statistic, np.asarray(chi2.sf(statistic, lags - fitted_parameters), dtype=np.float64)


def _products(
    series: FloatArray, lags: int
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Sums of products, numbers of pairs (series, lag), sums of squares, numbers of values."""
    present = np.isfinite(series)
    known = present.sum(axis=1).astype(np.float64)
    mean = np.where(present, series, 0.0).sum(axis=1) / np.maximum(known, 1)
    values = np.where(present, series - mean[:, None], 0.0)
    products, pairs = np.zeros((2, len(series), lags))
    for lag in range(1, min(lags, series.shape[1] - 1) + 1):
        products[:, lag - 1] = np.einsum("ij,ij->i", values[:, lag:], values[:, :-lag])
        pairs[:, lag - 1] = (present[:, lag:] & present[:, :-lag]).sum(axis=1)
    return products, pairs, np.square(values).sum(axis=1), known


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
