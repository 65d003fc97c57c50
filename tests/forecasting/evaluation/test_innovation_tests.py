"""One-step errors of the processes: the noise that made a path, and what their tests find."""

import numpy as np
import pandas as pd
import pytest

from tests.forecasting.models.test_statistical import SEASONAL, simulated, with_holes
from triptych.forecasting.contract import TEMPERATURE
from triptych.forecasting.evaluation.residuals import (
    TEST_COLUMNS,
    check_innovations,
    innovation_autocorrelations,
)
from triptych.forecasting.models.arima import StatisticalForecaster
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.factory import STATISTICAL_NAMES
from triptych.forecasting.statespace.arma import Arma

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
