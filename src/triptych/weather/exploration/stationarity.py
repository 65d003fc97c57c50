"""Stationarity of the temperature: two tests with opposite null hypotheses, and their verdict."""

import warnings

import numpy as np
import pandas as pd

from triptych.weather.exploration.decomposition import Floats, completed

ADF_NULL = "unit root: shocks last for ever, no level to return to"
KPSS_NULL = "stationary around a constant level"
DAYS_NEEDED = 60
_CONSTANT = 1e-6  # °C

# (the ADF test rejects the unit root, the KPSS test rejects the constant level)
VERDICTS = {
    (True, False): "stationary: no unit root, and a constant level is compatible with the data",
    (False, True): "not stationary: a unit root is compatible with the data, a constant level not",
    (True, True): "no unit root, but no constant level: remove season or trend, differencing is "
    "not called for",
    (False, False): "undecided: the data are compatible with both",
}
SEASON_IGNORED = "; both tests ignore a season, which changes no level: model it"


def check_stationarity(decomposition: pd.DataFrame, significance: float = 0.05) -> pd.DataFrame:
    """Test daily means of each location: as observed, without the yearly season, and the residual.

    ADF (Said and Dickey, 1984, Biometrika 71; lags by AIC) has the unit root as null hypothesis;
    KPSS (Kwiatkowski et al., 1992, J. Econometrics 54; lags after Hobijn et al., 2004) has
    stationarity. The residual is stationary by construction, and is there as a check.

    Returns location, series, days, verdict, and of each test null, statistic, lags, p and rejects
    (None, and figures NaN, where nothing can be tested). kpss_p is tabulated from 0.01 to 0.10: the
    ends mean "at most" and "at least".
    """
    whole = completed(decomposition)
    series = {
        "observed": whole,
        "without yearly season": whole - decomposition["yearly"],
        "residual": whole - decomposition[["trend", "yearly", "daily"]].sum(axis=1),
    }
    keys = [decomposition["location"], decomposition["time"].dt.floor("D")]
    daily = pd.DataFrame(series).groupby(keys).mean()
    rows = [
        {"location": slug, "series": name, **_test(values.to_numpy(), significance)}
        for slug, days in daily.groupby(level=0, sort=True)
        for name, values in days.items()
    ]
    table = pd.DataFrame(rows)
    seasonal = (table["series"] == "observed") & table["adf_p"].notna()
    table.loc[seasonal, "verdict"] += SEASON_IGNORED
    return table


def _test(days: Floats, significance: float) -> dict[str, object]:
    untestable = _untestable(days)
    results = [(np.nan,) * 3] * 2 if untestable else _adf_kpss(days)
    row: dict[str, object] = {"days": len(days)}
    for name, null, result in zip(("adf", "kpss"), (ADF_NULL, KPSS_NULL), results, strict=True):
        row[f"{name}_null"] = null
        row |= dict(zip((f"{name}_statistic", f"{name}_lags", f"{name}_p"), result, strict=True))
        row[f"{name}_rejects"] = None if untestable else result[2] < significance
    rejected = results[0][2] < significance, results[1][2] < significance
    return row | {"verdict": untestable or VERDICTS[rejected]}


def _adf_kpss(days: Floats) -> list[tuple[float, ...]]:
    """Return statistic, lags and p-value of both tests; beyond the KPSS table, its last p-value."""
    from statsmodels.tools.sm_exceptions import InterpolationWarning
    from statsmodels.tsa.stattools import adfuller, kpss

    adf = adfuller(days, regression="c", autolag="AIC", result_object=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InterpolationWarning)
        level = kpss(days, regression="c", nlags="auto", result_object=True)
    return [(float(t.statistic), float(t.lags), float(t.pvalue)) for t in (adf, level)]


def _untestable(days: Floats) -> str:
    """Say why a series cannot be tested; empty if it can."""
    if np.isnan(days).all():
        return "no temperature in this period: nothing to test"
    if len(days) < DAYS_NEEDED:
        return f"too short to test: {len(days)} days, {DAYS_NEEDED} are needed"
    return "constant: nothing to test" if np.ptp(days) < _CONSTANT else ""
