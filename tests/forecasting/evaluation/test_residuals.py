"""Residuals of forecasts: moments, memory, groups; oracles and planted departures."""

import numpy as np
import pandas as pd
import pytest

from tests.forecasting.frames import backtest_of
from triptych.forecasting.errors import ForecastingError
from triptych.forecasting.evaluation.residuals import (
    GROUP_COLUMNS,
    autocorrelations,
    by_time,
    forecast_residuals,
    ljung_box,
    summarise,
)

DAYS = 366


def autoregression(rng: np.random.Generator, coefficient: float, steps: int) -> np.ndarray:
    noise = rng.normal(size=steps)
    path = np.zeros(steps)
    for step in range(steps):
        path[step] = coefficient * path[step - 1] * (step > 0) + noise[step]
    return path


def summary(errors: np.ndarray) -> pd.DataFrame:
    return summarise(forecast_residuals(backtest_of(errors))).set_index("lead")


def test_autocorrelations_are_those_of_statsmodels() -> None:
    from statsmodels.tsa.stattools import acf

    series = np.stack([autoregression(np.random.default_rng(n), 0.6, 500) for n in range(3)])
    found = autocorrelations(series, 20)
    for row, values in zip(found, series, strict=True):
        assert row == pytest.approx(acf(values, nlags=20, fft=False)[1:], abs=1e-12)


@pytest.mark.parametrize("fitted", [0, 3])
def test_ljung_box_is_that_of_statsmodels_and_degrees_matter(fitted: int) -> None:
    from statsmodels.stats.diagnostic import acorr_ljungbox

    series = autoregression(np.random.default_rng(4), 0.1, 400)
    (statistic,), (p_value,) = ljung_box(series[None], 10, fitted)
    expected = acorr_ljungbox(series, lags=[10], model_df=fitted).iloc[0]
    assert statistic == pytest.approx(expected["lb_stat"])
    assert p_value == pytest.approx(expected["lb_pvalue"])
    forgotten = ljung_box(series[None], 10, 3 - fitted)[1][0]
    assert abs(forgotten - p_value) > 0.01


def test_white_noise_passes_as_often_as_it_should_with_holes_too() -> None:
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(2000, 300))
    for hidden in (0.0, 0.3):
        series = np.where(rng.random(noise.shape) < hidden, np.nan, noise)
        rejected = (ljung_box(series, 14)[1] < 0.05).mean()
        assert rejected == pytest.approx(0.05, abs=0.02)


def test_a_memory_is_found_through_holes_and_not_made_smaller_by_them() -> None:
    rng = np.random.default_rng(2)
    path = autoregression(rng, 0.5, 5000)
    path[rng.random(5000) < 0.4] = np.nan
    assert ljung_box(path[None], 14)[1][0] < 1e-6
    assert autocorrelations(path[None], 2)[0] == pytest.approx([0.5, 0.25], abs=0.06)


def test_what_has_no_spread_or_no_pair_has_no_autocorrelation() -> None:
    nothing = np.array([[2.0] * 20, [1.0, np.nan] * 10, [np.nan] * 20])
    assert np.isnan(ljung_box(nothing, 3)[0]).tolist() == [True, True, True]
    assert np.isnan(autocorrelations(nothing, 1)).all()
    assert np.isnan(ljung_box(np.ones((1, 2)), 5)[0]).all()  # shorter than the lags


def test_moments_and_normality_are_those_of_scipy() -> None:
    from scipy import stats

    errors = np.random.default_rng(3).gumbel(size=(DAYS, 8))
    found = summary(errors).loc["1-8"]
    flat = errors.ravel()
    test = stats.jarque_bera(flat)
    assert found["n"] == flat.size
    assert found["mean"] == pytest.approx(flat.mean())
    assert found["std"] == pytest.approx(flat.std(ddof=1))
    assert found["skewness"] == pytest.approx(stats.skew(flat))
    assert found["excess_kurtosis"] == pytest.approx(stats.kurtosis(flat))
    assert found["jarque_bera"] == pytest.approx(test.statistic)
    assert found["jarque_bera_p"] == pytest.approx(test.pvalue, abs=1e-12)
    beyond = np.abs(flat - flat.mean()) > 3 * flat.std(ddof=1)
    assert found["beyond_3_sigma"] == pytest.approx(beyond.mean())


def test_memory_is_looked_for_from_day_to_day_and_not_across_leads() -> None:
    """All leads of a day err alike, days do not: no memory. One lead that remembers is found."""
    rng = np.random.default_rng(7)
    errors = np.repeat(rng.normal(size=(DAYS, 1)), 8, axis=1)
    errors[:, 4] = autoregression(rng, 0.6, DAYS)
    found = summary(errors)
    assert (found["ljung_box_p"] < 1e-6).to_dict() == {
        **{str(lead): lead == 5 for lead in range(1, 9)},
        "1-8": False,
    }
    assert found.loc["5", "largest_acf"] == pytest.approx(0.6, abs=0.1)
    assert abs(found.loc["1", "largest_acf"]) < 0.2
    assert np.isnan(found.loc["1-8", "ljung_box"])


def test_a_day_without_a_forecast_keeps_its_place_in_the_series() -> None:
    """Every second day positive, the others negative; dropping days must not join the rest."""
    signs = np.where(np.arange(DAYS) % 2 == 0, 1.0, -1.0)[:, None] * np.ones(8)
    errors = signs + np.random.default_rng(8).normal(0, 0.1, size=signs.shape)
    rows = backtest_of(errors)
    gone = rows["as_of"].dt.day.isin([3, 4, 5, 17])
    found = summarise(forecast_residuals(rows[~gone])).set_index("lead")
    assert abs(found.loc["1", "largest_acf"]) > 0.9


def test_seasons_and_hours_of_larger_spread_are_found() -> None:
    rng = np.random.default_rng(9)
    errors = rng.normal(size=(DAYS, 8))
    calm = summary(errors).loc["1-8"]
    assert calm["season_variance_ratio"] < 1.3
    assert calm["hour_variance_ratio"] < 1.6
    summer = pd.date_range("2020-01-01", periods=DAYS).month.isin([6, 7, 8])
    errors[summer] *= 3
    errors[:, 5] *= 2
    planted = summary(errors)
    assert planted.loc["1-8", "season_variance_ratio"] == pytest.approx(9, rel=0.3)
    assert planted.loc["1-8", "hour_variance_ratio"] == pytest.approx(4, rel=0.4)
    assert planted.loc["2", "season_variance_ratio"] == pytest.approx(9, rel=0.5)
    assert np.isnan(planted.loc["2", "hour_variance_ratio"])


def test_a_bias_at_one_hour_is_found_at_its_hour_and_lead() -> None:
    errors = np.random.default_rng(10).normal(0, 0.1, size=(DAYS, 16))
    errors[:, 4] += 2.0  # 12 h, of the first day alone
    table = by_time(forecast_residuals(backtest_of(errors)))
    assert tuple(table.columns) == GROUP_COLUMNS
    biased = table[table["mean"] > 1]
    assert biased[["by", "value", "n"]].to_numpy().tolist() == [
        ["hour", "12", DAYS],
        ["lead", "5", DAYS],
    ]
    assert biased["mean"].to_numpy() == pytest.approx(2.0, abs=0.05)
    assert biased["rmse"].to_numpy() == pytest.approx(2.0, abs=0.05)
    assert table[table["by"] == "hour"]["value"].tolist() == [str(h) for h in range(0, 24, 3)]
    assert table[table["by"] == "season"]["value"].tolist() == ["DJF", "MAM", "JJA", "SON"]
    assert table[table["by"] == "lead"]["value"].tolist() == [str(n) for n in range(1, 17)]


def test_models_and_locations_stay_apart_and_holes_are_left_out() -> None:
    rng = np.random.default_rng(11)
    parts = [
        backtest_of(rng.normal(size=(DAYS, 8)) + shift, model, place)
        for shift, (place, model) in enumerate(
            [("brest", "ridge"), ("brest", "sarima"), ("paris", "ridge"), ("paris", "sarima")]
        )
    ]
    forecasts = pd.concat(parts, ignore_index=True)
    whole = summarise(forecast_residuals(forecasts))
    assert ",".join(whole.columns) == (
        "location,model,lead,n,mean,std,skewness,excess_kurtosis,jarque_bera,jarque_bera_p,"
        "beyond_3_sigma,hour_variance_ratio,season_variance_ratio,ljung_box,ljung_box_p,largest_acf"
    )
    assert whole["lead"].tolist() == [*map(str, range(1, 9)), "1-8"] * 4
    assert whole[whole["lead"] == "1-8"]["mean"].round().tolist() == [0, 1, 2, 3]
    forecasts.loc[[0, 5], "observed"] = np.nan
    forecasts.loc[7, "mean"] = np.nan
    holed = summarise(forecast_residuals(forecasts.sample(frac=1, random_state=0)))
    assert holed["n"].iloc[8] == DAYS * 8 - 3
    pd.testing.assert_frame_equal(holed.iloc[9:], whole.iloc[9:])


def test_without_observations_there_is_no_residual() -> None:
    rows = backtest_of(np.ones((3, 8))).assign(observed=np.nan)
    with pytest.raises(ForecastingError, match="no residual: backtest a period"):
        forecast_residuals(rows)


def test_errors_that_do_not_vary_have_no_shape_but_a_mean() -> None:
    found = summary(np.full((30, 8), 1.5)).loc["1-8"]
    assert found[["n", "mean", "std"]].tolist() == [240, 1.5, 0.0]
    assert found[["skewness", "jarque_bera", "season_variance_ratio"]].isna().all()
