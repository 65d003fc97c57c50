"""Autocorrelation of many series at once, and its test; series may have missing values."""

import numpy as np

from triptych.forecasting.errors import ForecastingError
from triptych.forecasting.features.grid import FloatArray, IntArray


def autocorrelations(series: FloatArray, lags: int) -> FloatArray:
    """Autocorrelation of each row at lags 1 … `lags`, shape (series, lag); NaN without a pair.

    With gaps as in Parzen, Sankhya A 25, 1963, 383-392; statsmodels takes none.
    """
    products, pairs, squares, known = _products(series, lags)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (products / pairs) / (squares / known)[:, None]
    return np.asarray(ratio * (1 - np.arange(1, lags + 1) / series.shape[1]), dtype=np.float64)


def ljung_box(
    series: FloatArray, lags: int, fitted_parameters: int | IntArray = 0
) -> tuple[FloatArray, FloatArray]:
    """Ljung-Box statistic of each row and its p-value (Biometrika 65, 1978, 297-303).

    `fitted_parameters`: ARMA coefficients estimated, one number or one per row; each takes a degree
    of freedom, and ForecastingError if none is left. With gaps as in Stoffer and Toloi, Stat. Prob.
    Letters 13, 1992, 391-396, which statsmodels lacks. NaN for a row that is constant or has no
    pair.
    """
    from scipy.stats import chi2

    if bool((lags <= np.asarray(fitted_parameters)).any()):
        raise ForecastingError(
            f"A Ljung-Box test needs more lags than the model has ARMA parameters, but there are "
            f"{lags} lags and {np.max(fitted_parameters)} parameters. Ask for more lags."
        )
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
