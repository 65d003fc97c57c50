"""NWP forecasters: the leak rule, missing models, old data, and what a regression gains."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.forecasting.synthetic import make_history
from triptych.forecasting.contract import TEMPERATURE
from triptych.forecasting.errors import ShortHistoryError
from triptych.forecasting.features.nwp import nwp_column, usable_lead_day
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.factory import NWP_NAMES, make_forecaster
from triptych.forecasting.storage import load_forecaster, save_forecaster
from triptych.weather.steps import with_nwp

TRAIN_END = pd.Timestamp("2020-12-01", tz="UTC")
MODELS = {"warm": 1.5, "noisy": 0.0}  # model and bias, °C
MAX_LEAD = 32
LAST_HOUR = pd.Timedelta(hours=2)  # of a 3-hour step
LEADS = range(1, MAX_LEAD + 1)


@pytest.fixture(scope="module")
def history() -> pd.DataFrame:
    frame = make_history(days=420)
    rng = np.random.default_rng(4)
    for model, bias in MODELS.items():
        for day in (1, 2, 3):
            error = rng.normal(bias, 0.5 * day, len(frame))
            frame[nwp_column(model, day)] = frame[TEMPERATURE] + error
    return frame


@pytest.fixture(scope="module")
def fitted(history: pd.DataFrame) -> dict[str, PanelForecaster]:
    known = history[history["time"] < TRAIN_END]
    return {
        name: make_forecaster(name, {}, max_lead=MAX_LEAD, seed=0).fit(known) for name in NWP_NAMES
    }


def _leaks(model: PanelForecaster, history: pd.DataFrame, origin: pd.Timestamp) -> bool:
    """Whether a forecast moves with an observation or a run that is not known at its issue."""
    later = history["time"] >= origin
    changed = history.copy()
    changed.loc[later, TEMPERATURE] += 100
    first = usable_lead_day(history["time"] + LAST_HOUR, origin, 6)
    for name in history.columns[history.columns.str.startswith("nwp_")]:
        changed.loc[(later & (first > int(name[-1]))).to_numpy(), name] += 100
    before, after = (
        model.predict(frame, pd.DatetimeIndex([origin]), LEADS)["mean"].to_numpy()
        for frame in (history, changed)
    )
    return not np.array_equal(before, after, equal_nan=True)


@pytest.mark.parametrize("origin", ["2020-12-20 00:00", "2020-12-31 15:00"])
@pytest.mark.parametrize("name", NWP_NAMES)
def test_only_published_runs_are_used(
    name: str, origin: str, fitted: dict[str, PanelForecaster], history: pd.DataFrame
) -> None:
    assert not _leaks(fitted[name], history, pd.Timestamp(origin, tz="UTC"))


@pytest.mark.parametrize("delay", [0, -18])  # no delay of publication, and one day too recent
@pytest.mark.parametrize("name", NWP_NAMES)
def test_a_run_before_its_publication_is_caught(
    name: str, delay: int, history: pd.DataFrame
) -> None:
    known = history[history["time"] < TRAIN_END]
    parameters = {"publication_delay_hours": delay}
    model = make_forecaster(name, parameters, max_lead=MAX_LEAD, seed=0).fit(known)
    assert _leaks(model, history, pd.Timestamp("2020-12-20", tz="UTC"))


def test_day_0_is_never_a_variable(history: pd.DataFrame) -> None:
    with_day_0 = history.assign(nwp_warm_day0=history[TEMPERATURE])
    known = with_day_0[with_day_0["time"] < TRAIN_END]
    model = make_forecaster("mos", {}, max_lead=8, seed=0).fit(known)
    origins = pd.DatetimeIndex([TRAIN_END])
    without = make_forecaster("mos", {}, max_lead=8, seed=0).fit(
        known.drop(columns="nwp_warm_day0")
    )
    means = [m.predict(with_day_0, origins, [1, 8])["mean"].tolist() for m in (model, without)]
    assert means[0] == means[1]


def _rmse(model: PanelForecaster, history: pd.DataFrame, data_age: int = 0) -> "pd.Series[float]":
    """RMSE of the first and the second day over the weeks after training."""
    origins = pd.date_range(TRAIN_END, periods=40, freq="D")
    made = model.predict(history, origins, range(1, 17), data_age=data_age)
    truth = history.set_index(["location", "time"])[TEMPERATURE]
    observed = truth.reindex(pd.MultiIndex.from_frame(made[["location", "time"]])).to_numpy()
    return ((made["mean"] - observed) ** 2).groupby(made["lead"] > 8).mean() ** 0.5


def test_each_correction_gains(fitted: dict[str, PanelForecaster], history: pd.DataFrame) -> None:
    raw, debiased, mos = (_rmse(fitted[name], history) for name in NWP_NAMES)
    assert (raw > debiased).all()
    assert (debiased > mos).all()


@pytest.mark.parametrize("name", NWP_NAMES)
def test_a_missing_model_is_left_out(
    name: str, fitted: dict[str, PanelForecaster], history: pd.DataFrame
) -> None:
    columns = [nwp_column("noisy", day) for day in (1, 2, 3)]
    absent = history.drop(columns=columns)
    null = history.assign(**dict.fromkeys(columns, np.nan))
    made = [_rmse(fitted[name], frame) for frame in (absent, null)]
    pd.testing.assert_series_equal(*made)
    limit = {"nwp_mean": 2.0, "nwp_debiased": 1.5, "mos": 1.3}[name]
    assert (made[0] < limit).all()


def test_without_forecasts_there_is_no_value(
    fitted: dict[str, PanelForecaster], history: pd.DataFrame
) -> None:
    without = history[[name for name in history if not name.startswith("nwp_")]]
    for name in ("mos", "nwp_debiased"):
        with pytest.raises(ShortHistoryError, match="needs NWP forecasts"):
            fitted[name].predict(without, pd.DatetimeIndex([TRAIN_END]), LEADS)
    null = without.assign(nwp_warm_day1=np.nan)
    made = fitted["mos"].predict(null, pd.DatetimeIndex([TRAIN_END]), LEADS)
    assert made["mean"].isna().all()


def test_old_observations_cost_little(
    fitted: dict[str, PanelForecaster], history: pd.DataFrame
) -> None:
    fresh, old = (_rmse(fitted["mos"], history, age) for age in (0, 120))
    assert (old < 1.25 * fresh).all()


def test_120_days_are_enough_and_60_are_not(history: pd.DataFrame) -> None:
    start = history["time"].min()
    model = make_forecaster("mos", {}, max_lead=8, seed=0)
    short = history[history["time"] < start + pd.Timedelta(days=60)]
    with pytest.raises(ShortHistoryError, match="Training needs 120 days"):
        model.fit(short)
    model.fit(history[history["time"] < start + pd.Timedelta(days=121)])
    made = model.predict(history, pd.DatetimeIndex([TRAIN_END]), [1, 8])
    assert made["mean"].notna().all()


def test_years_before_the_first_nwp_forecast_do_not_count(history: pd.DataFrame) -> None:
    recent = history["time"] >= TRAIN_END - pd.Timedelta(days=130)
    late = history.copy()
    late.loc[~recent, [name for name in history if name.startswith("nwp_")]] = np.nan
    model = make_forecaster("mos", {}, max_lead=8, seed=0).fit(late[late["time"] < TRAIN_END])
    made = model.predict(late, pd.DatetimeIndex([TRAIN_END]), [1, 8])
    assert made["mean"].notna().all()


def test_a_stored_model_forecasts_the_same(
    fitted: dict[str, PanelForecaster], history: pd.DataFrame, tmp_path: Path
) -> None:
    for name in NWP_NAMES:
        save_forecaster(fitted[name], tmp_path / name)
        loaded = load_forecaster(tmp_path / name)
        origins = pd.date_range(TRAIN_END, periods=3, freq="D")
        pd.testing.assert_frame_equal(
            loaded.predict(history, origins, LEADS), fitted[name].predict(history, origins, LEADS)
        )


def test_weather_models_differ_between_locations(history: pd.DataFrame) -> None:
    west = history["location"] == "west"
    one = history.assign(**{nwp_column("noisy", day): history[nwp_column("noisy", day)].where(west)
                            for day in (1, 2, 3)})  # fmt: skip
    model = make_forecaster("mos", {}, max_lead=16, seed=0).fit(one[one["time"] < TRAIN_END])
    made = model.predict(one, pd.DatetimeIndex([TRAIN_END]), range(1, 17))
    assert made["mean"].notna().all()


T = pd.Timestamp("2025-06-30", tz="UTC")


@pytest.mark.parametrize(
    ("ahead", "delay", "lead_day"),
    [(-6, 6, 1), (18, 6, 1), (19, 6, 2), (42, 6, 2), (43, 6, 3), (24, 0, 1), (25, 0, 2)],
)  # never day 0
def test_a_run_is_usable_once_it_is_published(ahead: int, delay: float, lead_day: int) -> None:
    time = pd.DatetimeIndex([T + pd.Timedelta(hours=ahead)])
    assert usable_lead_day(time, T, delay).tolist() == [lead_day]


def test_the_history_has_three_hour_means_in_the_columns_that_forecasters_read() -> None:
    hours = pd.DataFrame(
        {"location": "budva", "model": "gfs_global", "time": pd.date_range(T, periods=6, freq="h"),
         "1": [1.0, 2.0, 6.0, 4.0, 5.0, 6.0], "2": [1.0, 2.0, 6.0, 4.0, np.nan, 6.0]}
    )  # fmt: skip
    known = pd.DataFrame(
        {"location": "budva", "time": [T], "temperature_2m": 4.0, "latitude": 42.3,
         "longitude": 18.8}
    )  # fmt: skip

    history = with_nwp(known, hours)

    assert history[nwp_column("gfs_global", 1)].tolist() == [3.0, 5.0]
    assert history[nwp_column("gfs_global", 2)].fillna(-1).tolist() == [3.0, -1]  # an hour missing
    assert history["temperature_2m"].isna().tolist() == [False, True]
    assert history["latitude"].tolist() == [42.3, 42.3]
    assert with_nwp(known, hours[:0]) is known
    none = with_nwp(known, hours[:2])
    assert none["temperature_2m"].tolist() == [4.0]
