"""Drift: values against other implementations, planted changes, seasons and chance."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp
from statsmodels.stats.multitest import multipletests

from tests.forecasting.synthetic import make_history
from triptych.forecasting.monitoring.drift import (
    DRIFT_COLUMNS,
    measure_drift,
    same_distribution,
    stability_index,
)

RULE = {"days": 30, "min_days": 20, "alpha": 0.05, "psi": 0.25}
START, END = (pd.Timestamp(day, tz="UTC") for day in ("2018-01-01", "2021-01-01"))
TRAINING = dict.fromkeys(("east", "west"), (START, END))


@pytest.fixture(scope="module")
def years() -> pd.DataFrame:
    """Four years from 2018 on: three of training, and one in which nothing but weather happens."""
    return make_history(days=4 * 365 + 1, start="2018-01-01")


def before(history: pd.DataFrame, end: str) -> pd.DataFrame:
    return history[history["time"] < pd.Timestamp(end, tz="UTC")]


def with_last_days(history: pd.DataFrame, variable: str, change: float) -> pd.DataFrame:
    """Add `change` to a variable of the eastern place over the last 30 days."""
    recent = history["time"] >= history["time"].max() - pd.Timedelta(days=30)
    changed = history[variable] + change
    return history.assign(
        **{variable: history[variable].mask(recent & (history["location"] == "east"), changed)}
    )


def test_the_index_is_that_of_a_hand_count() -> None:
    reference = np.arange(100.0)
    recent = np.array([1.0, 2.0, 3.0, 96.0])
    total = 0.0
    for low in range(0, 100, 10):  # ten values of the reference in each bin
        p = (sum(low <= value < low + 10 for value in recent) + 0.5) / (4 + 5)
        q = (10 + 0.5) / (100 + 5)
        total += (p - q) * np.log(p / q)

    assert stability_index(recent, reference) == pytest.approx(total, rel=1e-12)
    assert stability_index(reference, reference) == 0.0


def test_the_index_of_a_constant_is_next_to_nothing() -> None:
    assert stability_index(np.zeros(30), np.zeros(90)) < 0.02  # the half values alone


@pytest.mark.parametrize("shift", [0.0, 0.4, 2.0])
def test_independent_days_have_the_p_of_the_plain_test(shift: float) -> None:
    random = np.random.default_rng(5)
    recent, reference = random.normal(shift, 1, 60), random.normal(0, 1, 300)

    statistic, p_value, days = same_distribution(recent, reference, correlation=0.0)

    plain = ks_2samp(recent, reference, method="asymp")
    assert statistic == plain.statistic
    assert p_value == pytest.approx(plain.pvalue, rel=1e-12)
    assert days == 60


def test_days_that_resemble_each_other_count_less() -> None:
    random = np.random.default_rng(5)
    recent, reference = random.normal(0.6, 1, 60), random.normal(0, 1, 300)

    alone = same_distribution(recent, reference, correlation=0.0)
    alike = same_distribution(recent, reference, correlation=0.6)

    assert alike[2] == pytest.approx(60 * 0.4 / 1.6)
    assert alone[1] < 0.02
    assert alike[1] > 0.2


@pytest.mark.parametrize(
    ("variable", "change"),
    [("temperature_2m", 12.0), ("surface_pressure", -40.0), ("precipitation", 4.0)],
)
def test_a_planted_drift_is_found_and_named(
    years: pd.DataFrame, variable: str, change: float
) -> None:
    table = measure_drift(with_last_days(before(years, "2021-07-15"), variable, change),
                          TRAINING, **RULE)  # fmt: skip

    assert tuple(table.columns) == DRIFT_COLUMNS
    found = table.loc[table["drifted"], ["location", "variable"]].to_numpy().tolist()
    assert found == [["east", variable]]


def test_a_season_is_no_drift(years: pd.DataFrame) -> None:
    summer = before(years, "2021-07-15")

    assert not measure_drift(summer, TRAINING, **RULE)["drifted"].any()
    # the same days against the training's winters: it would be noticed
    hot = measure_drift(summer, TRAINING, **RULE).set_index(["location", "variable"])
    row = hot.loc[("east", "temperature_2m")]
    assert row["mean_recent"] == pytest.approx(row["mean_training"], abs=2.5)
    january = years[(years["time"].dt.month == 1) | (years["time"] >= END)]
    assert january["temperature_2m"].mean() < row["mean_recent"] - 5


def test_the_year_round_chance_cries_seldom(years: pd.DataFrame) -> None:
    months = pd.date_range("2021-02-01", "2021-12-01", freq="2MS")
    tables = [measure_drift(before(years, str(end)), TRAINING, **RULE) for end in months]

    assert sum(table["drifted"].any() for table in tables) <= 1


def test_the_window_that_spans_new_year_is_compared_with_its_like(years: pd.DataFrame) -> None:
    table = measure_drift(before(years, "2021-01-16"), TRAINING, **RULE)

    row = table.set_index(["location", "variable"]).loc[("east", "temperature_2m")]
    assert row["days_recent"] == 30
    # 17-31 December and 1-15 January: two whole windows, and the Januarys of the first year
    assert 60 <= row["days_training"] <= 76
    assert row["mean_recent"] == pytest.approx(row["mean_training"], abs=4)


def test_few_days_are_not_judged(years: pd.DataFrame) -> None:
    changed = with_last_days(before(years, "2021-07-15"), "temperature_2m", 30.0)
    gone = changed["time"].between(
        pd.Timestamp("2021-06-10", tz="UTC"), pd.Timestamp("2021-06-30", tz="UTC")
    )
    short = changed.assign(temperature_2m=changed["temperature_2m"].mask(gone))

    table = measure_drift(short, TRAINING, **RULE).set_index(["location", "variable"])

    row = table.loc[("east", "temperature_2m")]
    assert row["days_recent"] < 20
    assert np.isnan(row["p_value"])
    assert not row["drifted"]
    assert np.isfinite(table.loc[("east", "surface_pressure"), "p_adjusted"])


def test_many_tests_are_corrected_for(years: pd.DataFrame) -> None:
    table = measure_drift(before(years, "2021-07-15"), TRAINING, **RULE)

    assert len(table) == 18
    _, adjusted, *_ = multipletests(table["p_value"], method="fdr_bh")
    assert table["p_adjusted"].to_numpy() == pytest.approx(adjusted)


def test_a_place_without_training_is_left_out(years: pd.DataFrame) -> None:
    table = measure_drift(before(years, "2021-07-15"), {"west": (START, END)}, **RULE)

    assert set(table["location"]) == {"west"}
    assert measure_drift(years, {}, **RULE).empty
