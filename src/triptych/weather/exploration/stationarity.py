"""Does a temperature keep its level? Two tests with opposite null hypotheses, and what both say."""

import warnings

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.weather.exploration.decomposition import completed

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

SEASON_PASSED_OVER = "; a season changes no level: both tests pass it over, it is to be modelled"

Floats = npt.NDArray[np.float64]


def stationarity_tests(decomposition: pd.DataFrame, significance: float = 0.05) -> pd.DataFrame:
    """Test daily means of each location: as observed, without the year's season, and the residual.

    ADF (Said and Dickey, 1984, Biometrika 71; lags by AIC) has the unit root as null hypothesis;
    KPSS (Kwiatkowski et al., 1992, J. Econometrics 54; lags after Hobijn et al., 2004) has
    stationarity. Daily means, since the day's season makes no difference to the level. The
    residual is stationary by construction, and stands here as a check.

    Args:
        decomposition: location, time, observed, trend, yearly, daily, residual (°C).
        significance: a null hypothesis is rejected below this p-value.

    Returns:
        location, series, days, adf_null, adf_statistic, adf_lags, adf_p, adf_rejects, kpss_null,
        kpss_statistic, kpss_lags, kpss_p (tabulated from 0.01 to 0.10: the ends stand for "at
        most" and "at least"), kpss_rejects, verdict. Figures are NaN where nothing can be tested.
    """
    rows = [
        {"location": slug, "series": name, **_test(days.to_numpy(), significance)}
        for slug, daily in _daily_means(decomposition).groupby("location", sort=True)
        for name, days in daily.drop(columns="location").items()
    ]
    table = pd.DataFrame(rows)
    seasonal = (table["series"] == "observed") & table["adf_p"].notna()
    table.loc[seasonal, "verdict"] += SEASON_PASSED_OVER
    return table


def _daily_means(decomposition: pd.DataFrame) -> pd.DataFrame:
    whole = completed(decomposition)
    steps = pd.DataFrame(
        {
            "location": decomposition["location"],
            "day": decomposition["time"].dt.floor("D"),
            "observed": whole,
            "without yearly season": whole - decomposition["yearly"],
            "residual": whole - decomposition[["trend", "yearly", "daily"]].sum(axis=1),
        }
    )
    return steps.groupby(["location", "day"]).mean().reset_index("location")


def _test(days: Floats, significance: float) -> dict[str, object]:
    untested = _untestable(days)
    adf, level = [(np.nan,) * 3] * 2 if untested else _adf_kpss(days)
    rejected = adf[2] < significance, level[2] < significance
    return {
        "days": len(days),
        "adf_null": ADF_NULL,
        **dict(zip(("adf_statistic", "adf_lags", "adf_p"), adf, strict=True)),
        "adf_rejects": None if untested else rejected[0],
        "kpss_null": KPSS_NULL,
        **dict(zip(("kpss_statistic", "kpss_lags", "kpss_p"), level, strict=True)),
        "kpss_rejects": None if untested else rejected[1],
        "verdict": untested or VERDICTS[rejected],
    }


def _adf_kpss(days: Floats) -> list[tuple[float, float, float]]:
    """Statistic, lags and p-value of both tests; beyond the KPSS table, its last p-value."""
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
    if np.ptp(days) < _CONSTANT:
        return "constant: nothing to test"
    return ""
