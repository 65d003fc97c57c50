"""Residuals of forecasts (observed minus forecast, °C; the opposite sign of `bias`)."""

import numpy as np
import pandas as pd

from triptych.forecasting.arrays import FloatArray
from triptych.forecasting.contract import DAY_LEADS
from triptych.forecasting.errors import ForecastingError
from triptych.forecasting.evaluation.metrics import DAY, sort_leads

GROUP_COLUMNS = ("location", "model", "by", "value", "n", "mean", "std", "rmse")
SEASONS = ("DJF", "MAM", "JJA", "SON")
DAILY_LAGS = 14  # days
SERIES = ["location", "model", "lead"]


def forecast_residuals(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Residuals of backtests, °C, with the calendar of the target; ForecastingError if none is
    observed.
    """
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
    return pd.DataFrame(
        {
            "n": n,
            "mean": means["mean"],
            "std": groups.std(),
            "skewness": skewness,
            "excess_kurtosis": kurtosis,
            "jarque_bera": jarque_bera,
            "jarque_bera_p": chi2.sf(jarque_bera, 2),
            "beyond_3_sigma": means["beyond_3_sigma"],
        }
    )


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
