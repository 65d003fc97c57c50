"""The two tests tell noise from a random walk, and say when there is nothing to test."""

import numpy as np
import pytest

from tests.weather.exploration import waves
from triptych.weather.exploration.stationarity import (
    ADF_NULL,
    KPSS_NULL,
    VERDICTS,
    check_stationarity,
)

DAYS = 1000


def by_day(values: waves.Floats) -> waves.Floats:
    """One value a day, on each of its eight steps."""
    return np.repeat(values, 8)


@pytest.mark.parametrize(
    ("values", "rejected"),
    [
        (waves.noise(DAYS), (True, False)),
        (waves.noise(DAYS).cumsum(), (False, True)),  # a random walk
        (waves.noise(DAYS) + np.linspace(0, 1, DAYS), (True, True)),
    ],
    ids=["noise", "random walk", "rising line"],
)
def test_verdicts(values: waves.Floats, rejected: tuple[bool, bool]) -> None:
    table = check_stationarity(waves.parts(by_day(values))).set_index("series")

    assert table.loc["without yearly season", "verdict"] == VERDICTS[rejected]


def test_the_table_says_what_is_tested() -> None:
    table = check_stationarity(waves.parts(by_day(waves.noise(DAYS))))

    assert table["series"].tolist() == ["observed", "without yearly season", "residual"]
    assert set(table["adf_null"]) == {ADF_NULL} and "unit root" in ADF_NULL
    assert set(table["kpss_null"]) == {KPSS_NULL} and "stationary" in KPSS_NULL
    assert table["days"].tolist() == [DAYS] * 3
    assert table["adf_p"].max() < 0.01
    assert table["kpss_p"].between(0.05, 0.1).all()
    assert table["adf_rejects"].tolist() == [True] * 3
    assert table["kpss_rejects"].tolist() == [False] * 3
    season = table["verdict"].str.contains("both tests ignore a season")
    assert season.tolist() == [True, False, False]


def test_significance_is_what_rejection_hangs_on() -> None:
    rising = waves.parts(by_day(waves.noise(DAYS) + np.linspace(0, 3, DAYS)))

    assert not check_stationarity(rising, significance=0.005)["kpss_rejects"].iloc[0]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (np.full(100, 7.0), "constant: nothing to test"),
        (np.full(100, np.nan), "no temperature in this period: nothing to test"),
        (waves.noise(59), "too short to test: 59 days, 60 are needed"),
    ],
)
def test_what_cannot_be_tested_is_said(values: waves.Floats, why: str) -> None:
    parts = waves.parts(by_day(values)).assign(residual=0.0)
    if np.isnan(values).all():
        parts[["trend", "yearly", "daily"]] = np.nan

    row = check_stationarity(parts).iloc[0]

    assert row["verdict"] == why
    assert np.isnan(row["adf_p"]) and np.isnan(row["kpss_p"])
    assert row["adf_rejects"] is None
