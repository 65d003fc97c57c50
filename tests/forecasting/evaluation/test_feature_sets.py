"""What each set of features adds: the sets, the order, and that nothing after the period counts."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from tests.forecasting.synthetic import make_history
from triptych.forecasting.contract import TEMPERATURE
from triptych.forecasting.errors import ShortHistoryError
from triptych.forecasting.evaluation import feature_sets
from triptych.forecasting.evaluation.feature_sets import (
    COLUMNS,
    FEATURE_SETS,
    compare_feature_sets,
    feature_set,
)
from triptych.forecasting.features.grid import step_numbers, to_grid
from triptych.forecasting.features.nwp import (
    PUBLICATION_DELAY_HOURS,
    nwp_column,
    usable_lead_day,
)
from triptych.forecasting.features.panel import fit_climatology, to_panel

LAST_HOUR = pd.Timedelta(hours=2)  # of a 3-hour step
START, END = (pd.Timestamp(day, tz="UTC") for day in ("2021-03-01", "2021-04-15"))


@pytest.fixture(scope="module")
def history() -> pd.DataFrame:
    frame = make_history()
    rng = np.random.default_rng(4)
    for day in (1, 2):
        frame[nwp_column("gfs", day)] = frame[TEMPERATURE] + rng.normal(0, 0.5 * day, len(frame))
    return frame


@pytest.fixture(scope="module", autouse=True)
def few_trees() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(feature_sets.TREES, "n_estimators", 10)
        yield


@pytest.fixture(scope="module")
def table(history: pd.DataFrame, few_trees: None) -> pd.DataFrame:
    return compare_feature_sets(history, START, END, seed=0)


def test_every_feature_belongs_to_a_set() -> None:
    expected = {
        "temperature_2m_lag1": "lags",
        "temperature_2m_h0_lag1": "lags",
        "target_day1": "lags",
        "temperature_2m_mean8": "aggregates",
        "target_sun": "calendar and sun",
        "year_cos": "calendar and sun",
        "cloud_cover_mean8": "exogenous",
        "neighbour1_temperature_2m_lag1": "neighbours",
        "nwp_gfs": "NWP",
    }
    assert {name: feature_set(name) for name in expected} == expected


def test_each_set_is_measured_for_both_models(table: pd.DataFrame) -> None:
    assert tuple(table.columns) == COLUMNS
    assert len(table) == len(FEATURE_SETS) * 2 * 2  # sets, models, locations
    assert set(table["n"]) == {45 * 8}
    error = table.groupby(["model", "feature_set"])["rmse"].mean()
    for model in ("ridge", "lightgbm"):
        assert error[model, "NWP"] < error[model, "neighbours"]
        assert error[model, "lags"] < 3


@pytest.mark.parametrize(("delay", "leaks"), [(PUBLICATION_DELAY_HOURS, False), (-18, True)])
def test_no_feature_is_known_after_its_midnight(
    history: pd.DataFrame, delay: int, leaks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a negative delay of publication, runs from after the midnight would be features."""
    monkeypatch.setattr(feature_sets, "PUBLICATION_DELAY_HOURS", delay)
    midnight = pd.Timestamp("2021-03-20", tz="UTC")
    later = (history["time"] >= midnight).to_numpy()
    first = usable_lead_day(history["time"] + LAST_HOUR, midnight, PUBLICATION_DELAY_HOURS)
    changed = history.copy()
    for name in history.columns.drop(["location", "time", "latitude", "longitude"]):
        unpublished = first > int(name[-1]) if name.startswith("nwp_") else True
        changed.loc[later & unpublished, name] = 99.0

    def design(frame: pd.DataFrame) -> np.ndarray:
        known = to_grid(frame[frame["time"] < START])
        panel = to_panel(to_grid(frame), fit_climatology(known))
        return feature_sets._design(panel, step_numbers(pd.DatetimeIndex([midnight])))[1]

    assert np.array_equal(design(history), design(changed), equal_nan=True) is not leaks


def test_nothing_at_or_after_the_end_counts(
    history: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feature_sets, "FEATURE_SETS", ("lags", "NWP"))
    table = compare_feature_sets(history, START, END, seed=0)
    values = [name for name in history if name not in ("location", "time", "latitude", "longitude")]
    later = (history["time"] >= END).to_numpy()
    changed = history.copy()
    changed.loc[later, values] = 99.0
    pd.testing.assert_frame_equal(compare_feature_sets(changed, START, END, seed=0), table)
    day_earlier = (history["time"] >= END - pd.Timedelta(days=1)).to_numpy()
    violated = history.copy()
    violated.loc[day_earlier, values] = 99.0
    assert not compare_feature_sets(violated, START, END, seed=0).equals(table)


def test_without_nwp_forecasts_that_set_is_left_out(
    history: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feature_sets, "FEATURE_SETS", ("lags", "NWP"))
    without = history.drop(columns=[nwp_column("gfs", day) for day in (1, 2)])
    found = compare_feature_sets(without, START, END, seed=0)
    assert list(found["feature_set"].unique()) == ["lags"]
    with pytest.raises(ShortHistoryError, match="365 days"):
        compare_feature_sets(without, pd.Timestamp("2020-06-01", tz="UTC"), END, seed=0)
