"""Scores of issued forecasts: the same figures as a study's, by window; alarms that can count."""

import numpy as np
import pandas as pd
import pytest

from tests.forecasting.conftest import TRAIN_END
from triptych.forecasting.evaluation.backtest import backtest, forecast_references
from triptych.forecasting.evaluation.conformal import learn_intervals
from triptych.forecasting.evaluation.metrics import score
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.factory import BASELINE_NAMES
from triptych.forecasting.monitoring.verification import (
    WINDOW_COLUMNS,
    coverage_fails,
    score_windows,
)

END = pd.Timestamp("2021-05-01", tz="UTC")
LEADS = range(1, 17)


@pytest.fixture(scope="module")
def study(history: pd.DataFrame, fitted: dict[str, PanelForecaster]) -> pd.DataFrame:
    """A backtest of ridge and the baselines over two months, all with intervals."""
    known = history[history["time"] < END]
    tables = []
    for name in ("ridge", *BASELINE_NAMES):
        table = backtest(fitted[name], known, TRAIN_END, END, LEADS).assign(model=name)
        fitted[name].intervals = learn_intervals(table)
        tables.append(backtest(fitted[name], known, TRAIN_END, END, LEADS).assign(model=name))
        fitted[name].intervals = None
    return pd.concat(tables, ignore_index=True)


@pytest.fixture(scope="module")
def judged(study: pd.DataFrame) -> pd.DataFrame:
    keys = ["location", "as_of", "time"]
    rows = study[study["model"] == "ridge"].assign(model_id="m", data_age=0, known_end=END)
    for name in BASELINE_NAMES:
        means = study[study["model"] == name].set_index(keys)["mean"].rename(name)
        rows = rows.join(means, on=keys)
    return rows.dropna(subset=["observed", *BASELINE_NAMES])


def test_scores_over_all_are_those_of_the_study(
    study: pd.DataFrame, judged: pd.DataFrame, training: pd.DataFrame
) -> None:
    scores = score_windows(judged, ["all"]).set_index(["location", "lead"]).sort_index()

    table = score(study, training)
    table = table[(table["model"] == "ridge") & (table["location"] != "all")]
    expected = table.set_index(["location", "lead"]).sort_index()
    assert scores.index.tolist() == expected.index.tolist()
    columns = ["n", "rmse", "mae", "bias", "skill_day", "skill_climatology", "coverage", "width"]
    for column in columns:
        assert scores[column].to_numpy() == pytest.approx(expected[column].to_numpy(), rel=1e-12)
    persistence = score(study, training).set_index(["model", "location", "lead"])["rmse"]
    row = ("east", "1-8")
    assert scores.loc[row, "skill_persistence"] == pytest.approx(
        1 - scores.loc[row, "rmse"] / persistence["persistence", "east", "1-8"]
    )


def test_a_window_holds_the_targets_of_its_days(judged: pd.DataFrame) -> None:
    scores = score_windows(judged, [10, "all"]).set_index(["window", "location", "lead"])

    row = scores.loc[("10d", "west", "1-8")]
    of_window = judged[
        (judged["location"] == "west")
        & (judged["lead"] <= 8)
        & (judged["time"] >= pd.Timestamp("2021-04-21", tz="UTC"))
    ]
    error = (of_window["mean"] - of_window["observed"]).to_numpy()
    assert (row["n"], row["days"]) == (80, 10)
    assert row["rmse"] == pytest.approx(np.sqrt((error**2).mean()))
    assert row["bias"] == pytest.approx(error.mean())
    assert row["window_start"] == pd.Timestamp("2021-04-21", tz="UTC")
    assert row["window_end"] == END
    everything = scores.loc[("all", "west", "1-8")]
    assert everything["window_start"] == TRAIN_END
    assert everything["days"] == 61


def test_a_baseline_without_error_gives_no_skill(judged: pd.DataFrame) -> None:
    exact = judged.assign(**dict.fromkeys(BASELINE_NAMES, judged["observed"]))

    scores = score_windows(exact, ["all"])

    assert scores[["skill_day", "skill_climatology", "skill_persistence"]].isna().all(axis=None)
    assert np.isfinite(scores["rmse"]).all()


def test_nothing_judged_gives_no_rows(judged: pd.DataFrame) -> None:
    none = score_windows(judged.iloc[:0], [30, "all"])

    assert none.empty
    assert tuple(none.columns) == WINDOW_COLUMNS


def test_references_are_the_baselines_of_a_study(
    history: pd.DataFrame, fitted: dict[str, PanelForecaster]
) -> None:
    origins = pd.DatetimeIndex(["2021-03-05", "2021-04-05"], tz="UTC")

    table = forecast_references(
        history[history["time"] < END], history["time"].min(), TRAIN_END, origins, [1, 8, 16]
    )

    known = history[history["time"] < END]
    for name in BASELINE_NAMES:
        own = fitted[name].predict(known, origins, [1, 8, 16])
        assert table[name].tolist() == own["mean"].tolist()
        assert table["origin"].tolist() == own["as_of"].tolist()


def test_references_do_not_see_their_targets(history: pd.DataFrame) -> None:
    origin = pd.Timestamp("2021-04-05", tz="UTC")
    known = history[history["time"] < END]
    changed = known.assign(
        temperature_2m=known["temperature_2m"].mask(known["time"] >= origin, -40.0)
    )
    moved = known.assign(
        temperature_2m=known["temperature_2m"].mask(
            known["time"] >= origin - pd.Timedelta(hours=3), -40.0
        )
    )

    def forecast(table: pd.DataFrame) -> pd.DataFrame:
        start = history["time"].min()
        return forecast_references(table, start, TRAIN_END, pd.DatetimeIndex([origin]), [1, 8])

    pd.testing.assert_frame_equal(forecast(changed), forecast(known))
    assert not forecast(moved).equals(forecast(known))  # it would be noticed


@pytest.mark.parametrize(
    ("coverage", "days", "fails"),
    [
        (0.90, 365, False),
        (0.86, 365, False),  # within the tolerance, whatever the number
        (0.80, 365, True),
        (0.80, 25, False),  # chance: one month in ten looks like this
        (0.50, 25, True),
        (0.50, 3, False),
        (0.97, 365, True),  # too wide is wrong too
        (1.00, 25, False),
        (1.00, 60, True),
    ],
)
def test_coverage_fails_beyond_tolerance_and_chance(
    coverage: float, days: int, fails: bool
) -> None:
    assert coverage_fails(coverage, days, level=0.9, tolerance=0.05) is fails
