"""The table of errors against numbers worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from tests.forecasting.frames import backtest_of
from triptych.forecasting.errors import ForecastingError
from triptych.forecasting.evaluation.metrics import (
    BREAKDOWN_COLUMNS,
    SCORE_COLUMNS,
    breakdown,
    rank,
    score,
    seasonal_naive_mae,
)
from triptych.forecasting.evaluation.paired_tests import (
    PAIRED_COLUMNS,
    block_bootstrap,
    diebold_mariano,
    paired_tests,
)

DAY = pd.Timestamp("2020-01-02", tz="UTC")


def _forecasts(
    model: str, means: list[float], location: str = "a", half: float = 1.0
) -> pd.DataFrame:
    """Leads 1, 2 and 9 of one origin; what was observed is 10, 12 and 14."""
    leads = np.array([1, 2, 9])
    return pd.DataFrame(
        {
            "model": model,
            "location": location,
            "as_of": DAY,
            "time": DAY + pd.to_timedelta(3 * (leads - 1), unit="h"),
            "lead": leads,
            "mean": means,
            "lower": np.array(means) - half,
            "upper": np.array(means) + half,
            "observed": [10.0, 12.0, 14.0],
        }
    )


def _training() -> pd.DataFrame:
    """Two days, each hour 2 °C warmer than the day before; the second place 4 °C."""
    time = pd.date_range("2020-01-01", periods=16, freq="3h", tz="UTC")
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "location": location,
                    "time": time,
                    "latitude": 0.0,
                    "longitude": 0.0,
                    "temperature_2m": [0.0] * 8 + [change] * 8,
                }
            )
            for location, change in (("a", 2.0), ("b", 4.0))
        ]
    )


@pytest.fixture
def table() -> pd.DataFrame:
    forecasts = pd.concat(
        [
            _forecasts("ridge", [11.0, 12.5, 17.0]),
            _forecasts("same_hour_yesterday", [12.0, 13.0, 10.0]),
            _forecasts("climatology", [6.0, 9.0, 14.5]),
            _forecasts("ridge", [10.0, 12.0, 14.0], "b"),
            _forecasts("same_hour_yesterday", [13.0, 16.0, 14.0], "b"),
            _forecasts("climatology", [10.0, 12.0, 16.0], "b"),
        ]
    )
    return score(forecasts, _training())


def _row(table: pd.DataFrame, location: str, model: str, lead: str) -> pd.Series:
    keys = (table["location"] == location) & (table["model"] == model) & (table["lead"] == lead)
    assert keys.sum() == 1
    return table[keys].iloc[0]


def test_the_columns_and_rows_are_those_others_rely_on(table: pd.DataFrame) -> None:
    assert tuple(table.columns) == SCORE_COLUMNS
    assert table["lead"].tolist()[:6] == ["1", "2", "9", "1-8", "9-16", "all"]
    assert table["location"].unique().tolist() == ["a", "all", "b"]
    assert len(table) == 3 * 3 * 6


def test_errors_of_a_location(table: pd.DataFrame) -> None:
    row = _row(table, "a", "ridge", "all")
    assert row["n"] == 3
    assert row["rmse"] == pytest.approx(np.sqrt((1 + 0.25 + 9) / 3))
    assert row["mae"] == pytest.approx(1.5)
    assert row["bias"] == pytest.approx(1.5)
    assert row["mase"] == pytest.approx(0.75)
    assert row["coverage"] == pytest.approx(2 / 3)
    assert row["width"] == pytest.approx(2.0)


def test_the_day_is_leads_1_to_8(table: pd.DataFrame) -> None:
    row = _row(table, "a", "ridge", "1-8")
    assert (row["n"], row["mae"]) == (2, pytest.approx(0.75))
    assert row["skill_day"] == pytest.approx(1 - np.sqrt(1.25 / 5))
    assert row["skill_climatology"] == pytest.approx(1 - np.sqrt(1.25 / 25))


def test_all_locations_are_pooled_with_their_own_scales(table: pd.DataFrame) -> None:
    row = _row(table, "all", "same_hour_yesterday", "1")
    assert row["n"] == 2
    assert row["rmse"] == pytest.approx(np.sqrt((4 + 9) / 2))
    assert row["mase"] == pytest.approx((2 / 2 + 3 / 4) / 2)
    assert row["skill_day"] == 0


def test_only_targets_of_every_model_count() -> None:
    partial = _forecasts("ridge", [11.0, np.nan, 17.0])
    unobserved = _forecasts("climatology", [6.0, 9.0, 14.5])
    table = score(pd.concat([partial, unobserved]), _training())
    assert _row(table, "a", "climatology", "all")["n"] == 2
    assert _row(table, "a", "climatology", "1-8")["rmse"] == pytest.approx(4.0)
    assert np.isnan(_row(table, "a", "ridge", "1-8")["skill_day"])


def test_without_intervals_there_is_no_coverage() -> None:
    bare = _forecasts("ridge", [11.0, 12.0, 17.0]).assign(lower=np.nan, upper=np.nan)
    row = _row(score(bare, _training()), "a", "ridge", "all")
    assert np.isnan(row["coverage"]) and np.isnan(row["width"])


def test_doubled_and_disjoint_forecasts_are_refused() -> None:
    one = _forecasts("ridge", [11.0, 12.0, 17.0])
    with pytest.raises(ForecastingError, match="twice"):
        score(pd.concat([one, one]), _training())
    other = one.assign(model="climatology", as_of=DAY - pd.Timedelta("1D"))
    with pytest.raises(ForecastingError, match="2 models share no observed target"):
        score(pd.concat([one, other]), _training())


def test_scale_of_mase_is_the_change_of_a_day() -> None:
    assert seasonal_naive_mae(_training()).to_dict() == {"a": 2.0, "b": 4.0}


def test_models_are_ranked_by_their_mean_over_locations(table: pd.DataFrame) -> None:
    assert rank(table, ["climatology", "ridge"]) == ["ridge", "climatology"]
    with pytest.raises(ForecastingError, match="choose by of lightgbm"):
        rank(table, ["ridge", "lightgbm"])
    elsewhere = table.assign(location="c", model="arima")
    with pytest.raises(ForecastingError, match="of all candidates at one location"):
        rank(pd.concat([table, elsewhere]), ["ridge", "arima"])


def test_the_last_bit_does_not_rank_a_model(table: pd.DataFrame) -> None:
    ridge = table[table["model"] == "ridge"]
    less = ridge.assign(model="arima", rmse=np.nextafter(ridge["rmse"], 0))
    assert rank(pd.concat([ridge, less]), ["ridge", "arima"]) == ["ridge", "arima"]


def test_errors_by_month_and_hour_count_their_own_targets_alone() -> None:
    year = [_forecasts("ridge", [11.0, 12.0, 17.0]), _forecasts("climatology", [10.0, 12.0, 16.0])]
    later = [
        frame.assign(
            as_of=frame["as_of"] + pd.Timedelta("31D"),
            time=frame["time"] + pd.Timedelta("31D"),
            mean=frame["observed"] + 2.0,
        )
        for frame in year
    ]

    table = breakdown(pd.concat([*year, *later]), _training())

    assert tuple(table.columns) == BREAKDOWN_COLUMNS
    ridge = table[(table["model"] == "ridge") & (table["location"] == "a")]
    months = ridge[ridge["by"] == "month"].set_index("value")
    assert months["n"].tolist() == [2, 2]  # lead 9 is not of the day
    assert months["rmse"].iloc[-1] == 2.0
    assert ridge[ridge["by"] == "hour"]["n"].sum() == 4


def test_a_constant_series_gives_no_ratio_to_zero() -> None:
    """Baselines make no error there: MASE and skill are undefined, not infinite."""
    constant = _training().assign(temperature_2m=10.0)
    exact = [10.0, 12.0, 14.0]
    forecasts = pd.concat(
        [
            _forecasts("ridge", [11.0, 12.5, 17.0]),
            _forecasts("same_hour_yesterday", exact),
            _forecasts("climatology", [value + 1e-9 for value in exact]),
        ]
    )

    for table in (score(forecasts, constant), breakdown(forecasts, constant)):
        assert table[["mase", "skill_day", "skill_climatology"]].isna().all(axis=None)
        assert np.isfinite(table[["rmse", "mae", "bias", "coverage", "width"]]).all(axis=None)


def oracle(differences: list[float], horizon: int) -> float:
    """The statistic of Harvey, Leybourne and Newbold, term by term."""
    count = len(differences)
    mean = sum(differences) / count
    variance = 0.0
    for lag in range(-horizon + 1, horizon):
        for t in range(abs(lag), count):
            variance += (differences[t] - mean) * (differences[t - abs(lag)] - mean) / count
    correction = (count + 1 - 2 * horizon + horizon * (horizon - 1) / count) / count
    return mean / (variance / count) ** 0.5 * correction**0.5


@pytest.mark.parametrize("horizon", [1, 2, 3])
def test_the_statistic_is_that_of_the_papers(horizon: int) -> None:
    differences = np.random.default_rng(1).normal(0.3, 1, 40)
    statistic, p_value = diebold_mariano(differences, horizon)
    assert statistic == pytest.approx(oracle(differences.tolist(), horizon))
    assert 0 < p_value < 1


def test_models_of_equal_skill_are_called_different_one_time_in_twenty() -> None:
    rng = np.random.default_rng(2)
    p_values = [diebold_mariano(rng.normal(size=60))[1] for _ in range(1000)]
    assert 0.03 <= np.mean(np.array(p_values) < 0.05) <= 0.07


def test_a_negative_variance_falls_back_to_that_of_single_days() -> None:
    swings = np.tile([1.0, -1.0], 20) + 0.01
    assert diebold_mariano(swings, 2)[0] > 0
    assert np.isfinite(diebold_mariano(swings, 2)[1])


@pytest.mark.parametrize("differences", [[0.0, 0.0, 0.0], [1.0]])
def test_nothing_can_be_said_of_what_does_not_vary(differences: list[float]) -> None:
    assert np.isnan(diebold_mariano(np.array(differences))).all()


def test_the_interval_of_independent_days_is_that_of_the_mean() -> None:
    values = np.random.default_rng(3).normal(0.5, 1, 400)
    low, high = block_bootstrap(values, seed=1)
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.2)
    assert low < values.mean() < high
    assert block_bootstrap(values, seed=1) == (low, high)


def test_runs_of_good_and_bad_days_widen_the_interval() -> None:
    runs = np.repeat(np.random.default_rng(4).normal(size=80), 5)
    shuffled = np.random.default_rng(5).permutation(runs)
    (low, high), (near, far) = block_bootstrap(runs, 1), block_bootstrap(shuffled, 1)
    assert high - low > 1.5 * (far - near)


def test_the_better_model_has_a_positive_difference_everywhere() -> None:
    rng = np.random.default_rng(6)
    tables = [
        backtest_of(rng.normal(0, spread, (90, 16)), model, location)
        for location in ("a", "b")
        for model, spread in (("good", 1.0), ("bad", 1.5))
    ]
    table = paired_tests(pd.concat(tables), "good", ["bad"], seed=1)
    assert tuple(table.columns) == PAIRED_COLUMNS
    keys = table[["location", "lead", "n"]].to_numpy().tolist()
    assert keys == [[place, lead, 90] for lead in ("1-8", "all") for place in ("a", "b", "all")]
    assert (table["low"] > 0).all() and (table["p_value"] < 0.001).all()
    assert table["difference"].to_numpy() == pytest.approx([1.25] * 6, abs=0.2)


def test_the_loss_of_a_day_is_its_mean_squared_error() -> None:
    good, bad = np.zeros((2, 16)), np.zeros((2, 16))
    bad[0, :8], bad[1, 8:] = 2.0, 4.0
    table = paired_tests(
        pd.concat([backtest_of(good, "good"), backtest_of(bad, "bad")]), "good", ["bad"], seed=1
    ).set_index(["location", "lead"])
    assert table.loc[("a", "1-8"), "difference"] == 2.0  # days of 4 and 0
    assert table.loc[("a", "all"), "difference"] == 5.0  # days of 2 and 8
