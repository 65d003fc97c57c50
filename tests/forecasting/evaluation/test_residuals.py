"""Residuals of forecasts: moments, memory, groups; oracles and planted departures."""

import numpy as np
import pandas as pd
import pytest

from tests.forecasting.frames import backtest_of
from tests.forecasting.models.test_statistical import SEASONAL, simulated, with_holes
from triptych.forecasting.contract import TEMPERATURE
from triptych.forecasting.errors import ForecastingError
from triptych.forecasting.evaluation.residuals import (
    GROUP_COLUMNS,
    TEST_COLUMNS,
    autocorrelations,
    by_time,
    check_innovations,
    forecast_residuals,
    innovation_autocorrelations,
    ljung_box,
    summarise,
)
from triptych.forecasting.models.arima import StatisticalForecaster
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.factory import STATISTICAL_NAMES
from triptych.forecasting.statespace.arma import Arma

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


STEPS = 8 * 365 * 3
NO_PARAMETERS = {"here": 0}


def frame(values: np.ndarray) -> pd.DataFrame:
    time = pd.date_range("2016-01-01", periods=len(values), freq="3h", tz="UTC")
    return pd.DataFrame({"location": "here", "time": time, "innovation": values})


def found(values: np.ndarray, parameters: int = 0) -> pd.DataFrame:
    table = check_innovations(frame(values), {"here": parameters})
    assert tuple(table.columns) == TEST_COLUMNS
    return table.set_index(["test", "lags"])


def white(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=STEPS)


def test_the_spread_after_a_gap_is_that_of_statsmodels() -> None:
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    series = with_holes(simulated(SEASONAL, 400))
    model = SARIMAX(series, order=(2, 0, 1), seasonal_order=(1, 0, 1, 8))
    result = model.filter([1.1, -0.2, 0.4, 0.6, -0.3, 1.0])
    known = np.isfinite(series)
    spread = SEASONAL.relative_spread(series)
    expected = np.sqrt(result.forecasts_error_cov[0, 0])
    assert spread[known] == pytest.approx(expected[known], rel=1e-6)
    assert spread[180] > 2  # after sixty steps without a value
    innovations = (series - SEASONAL.states(series)[0, :-1]) / spread
    standard = result.standardized_forecasts_error[0]
    assert innovations[known] == pytest.approx(standard[known], abs=1e-6)
    assert np.isnan(innovations[~known]).all()


@pytest.mark.parametrize("name", STATISTICAL_NAMES)
def test_innovations_are_what_predict_leaves_one_step_ahead(
    name: str, fitted: dict[str, PanelForecaster], training: pd.DataFrame
) -> None:
    model = fitted[name]
    assert isinstance(model, StatisticalForecaster)
    innovations = model.innovations(training)
    assert innovations.columns.tolist() == ["location", "time", "innovation"]
    assert (innovations[["location", "time"]].to_numpy() == training[["location", "time"]]).all(
        axis=None
    )
    origins = pd.DatetimeIndex(["2020-03-01", "2020-07-14 15:00", "2021-02-03 06:00"], tz="UTC")
    forecasts = model.predict(training, origins, [1]).set_index(["location", "time"])["mean"]
    truth = training.set_index(["location", "time"])[TEMPERATURE]
    expected = truth.reindex(forecasts.index) - forecasts
    left = innovations.set_index(["location", "time"])["innovation"].reindex(forecasts.index)
    assert left.to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-4)  # anomalies: float32


@pytest.mark.parametrize("name", STATISTICAL_NAMES)
def test_innovations_look_at_nothing_later_and_say_nothing_where_nothing_is_known(
    name: str, fitted: dict[str, PanelForecaster], training: pd.DataFrame
) -> None:
    model = fitted[name]
    assert isinstance(model, StatisticalForecaster)
    cut = pd.Timestamp("2020-09-01", tz="UTC")
    later = training.assign(
        temperature_2m=training[TEMPERATURE].where(training["time"] < cut, -60.0)
    )
    holes = later[TEMPERATURE].where(later["time"].dt.day_of_year != 100)
    before = model.innovations(training.assign(temperature_2m=holes.where(holes > -60.0)))
    after = model.innovations(training.assign(temperature_2m=holes))
    early = before["time"] < cut
    pd.testing.assert_frame_equal(before[early], after[early])
    assert not before.equals(after)  # the check would notice
    first = training["time"] < training["time"].min() + pd.Timedelta("1D")
    unknown = holes.isna() | first
    assert after["innovation"].isna().tolist() == unknown.tolist()


def test_white_noise_of_one_variance_passes() -> None:
    table = found(white())
    assert table.index.tolist() == [
        *(("ljung_box", lags) for lags in (8, 16, 24, 56)),
        ("arch_lm", 8),
        ("breusch_pagan_hour", 0),
        ("breusch_pagan_season", 0),
    ]
    assert (table["p_value"] > 0.01).all()
    assert table.loc[("ljung_box", 56), "effect_size"] == pytest.approx(0, abs=0.05)
    assert table.loc[("breusch_pagan_hour", 0), "effect_size"] < 1.25


def test_a_planted_memory_fails() -> None:
    path = simulated(Arma(np.array([0.2]), np.zeros(0)), STEPS)
    table = found(path)
    assert (table.loc["ljung_box", "p_value"] < 1e-6).all()
    assert table.loc[("ljung_box", 8), "effect_size"] == pytest.approx(0.2, abs=0.03)
    assert innovation_autocorrelations(frame(path)).loc[0, "autocorrelation"] > 0.15


def test_estimated_parameters_take_degrees_and_lags_must_exceed_them() -> None:
    table = found(white(1), parameters=16).loc["ljung_box"]
    assert table.index.tolist() == [24, 56]
    assert table["degrees"].tolist() == [8, 40]
    assert set(table["fitted_parameters"]) == {16}
    forgotten = found(white(1)).loc["ljung_box"].loc[[24, 56]]
    assert (abs(forgotten["p_value"] - table["p_value"]) > 0.01).all()


def test_engles_test_is_that_of_statsmodels_and_finds_bursts() -> None:
    from statsmodels.stats.diagnostic import het_arch

    noise, values = white(2), np.zeros(STEPS)
    for step in range(STEPS):
        values[step] = noise[step] * np.sqrt(0.6 + 0.4 * values[step - 1] ** 2)
    row = found(values).loc[("arch_lm", 8)]
    statistic, p_value, *_ = het_arch(values - values.mean(), nlags=8, result_object=False)
    assert row["statistic"] == pytest.approx(statistic)
    assert row["p_value"] == pytest.approx(p_value, abs=1e-12)
    assert row["p_value"] < 1e-12
    assert row["effect_size"] == pytest.approx(statistic / (STEPS - 8))


def test_a_variance_that_follows_the_year_or_the_day_is_found_and_told_apart() -> None:
    time = frame(white())["time"]
    wave = np.cos(2 * np.pi * (time.dt.day_of_year.to_numpy() - 15) / 365.25)
    by_season = found(white(3) * np.exp(0.5 * wave))
    assert by_season.loc[("breusch_pagan_season", 0), "p_value"] < 1e-12
    assert by_season.loc[("breusch_pagan_hour", 0), "p_value"] > 0.001
    assert by_season.loc[("breusch_pagan_season", 0), "effect_size"] > 3
    angle = 2 * np.pi * time.dt.hour.to_numpy() / 24
    values = white(4) * np.exp(0.3 * np.sin(angle))
    by_hour = found(values)
    row = by_hour.loc[("breusch_pagan_hour", 0)]
    assert by_hour.loc[("breusch_pagan_season", 0), "p_value"] > 0.001
    assert row["effect_size"] == pytest.approx(np.exp(1.2), rel=0.25)
    assert row["p_value"] < 1e-12


def test_missing_steps_take_no_part_and_are_not_joined() -> None:
    values = white(5)
    values[np.random.default_rng(0).random(STEPS) < 0.2] = np.nan
    table = found(values)
    assert (table["p_value"] > 0.001).all()
    known = int(np.isfinite(values).sum())
    assert (table.loc["ljung_box", "n"] == known).all()
    window = np.lib.stride_tricks.sliding_window_view(values, 9)
    assert table.loc[("arch_lm", 8), "n"] == np.isfinite(window).all(axis=1).sum()


def test_places_stay_apart_and_what_does_not_vary_has_no_statistic() -> None:
    still = frame(np.zeros(STEPS)).assign(location="still")
    both = pd.concat([frame(white()), still], ignore_index=True)
    table = check_innovations(both, {"here": 0, "still": 8}).set_index("location")
    alone = check_innovations(frame(white()), NO_PARAMETERS).set_index("location")
    pd.testing.assert_frame_equal(table.loc[["here"]], alone)
    assert table.loc["still", "statistic"].isna().all()
    assert len(table.loc["still"]) == 6  # eight lags do not exceed eight parameters
    counts = innovation_autocorrelations(both).groupby("location").size()
    assert counts.to_dict() == {"here": 56, "still": 56}
