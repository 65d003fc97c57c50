"""Paired tests of two forecasters: their size, their power, their arithmetic."""

import numpy as np
import pandas as pd
import pytest

from tests.forecasting.frames import backtest_of
from triptych.forecasting.evaluation.paired_tests import (
    PAIRED_COLUMNS,
    block_bootstrap,
    diebold_mariano,
    paired_tests,
)


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
