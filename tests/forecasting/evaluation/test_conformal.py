"""Backtests (which origins and targets), and conformal intervals: widths and coverage."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.forecasting.synthetic import MAX_LEAD
from triptych.forecasting.errors import ForecastingError
from triptych.forecasting.evaluation.backtest import backtest, daily_origins
from triptych.forecasting.evaluation.conformal import Intervals, learn_intervals
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.factory import make_forecaster


def _residuals(errors: np.ndarray, location: str = "a", lead: int = 1) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "location": location,
            "time": pd.Timestamp("2021-07-01", tz="UTC"),
            "lead": lead,
            "mean": errors,
            "observed": np.zeros(len(errors)),
        }
    )


def _half_width(learned: Intervals, location: str, *leads: int, month: int = 7) -> list[float]:
    months = np.full((1, len(leads)), month)
    return learned.half_width([location], months, np.array(leads))[0, 0].tolist()


def test_the_width_is_the_right_order_statistic() -> None:
    # 19 residuals: ⌈20 x 0.9⌉ = 18th smallest; 9 residuals: ⌈10 x 0.9⌉ = 9th.
    frame = pd.concat([_residuals(np.arange(-19, 0)), _residuals(np.arange(1, 10), "b", 3)])
    learned = learn_intervals(frame)
    assert _half_width(learned, "a", 1) == [18.0]
    assert _half_width(learned, "b", 3, 8) == [9.0, 9.0]


def test_between_leads_widths_are_linear_and_new_places_take_the_pool() -> None:
    frame = pd.concat([_residuals(np.full(20, 2.0)), _residuals(np.full(20, 4.0), lead=5)])
    learned = learn_intervals(frame)
    assert _half_width(learned, "new", 1, 2, 5, 64) == [2.0, 2.5, 4.0, 4.0]


def test_widths_follow_the_season_and_the_data_age() -> None:
    times = pd.date_range("2021-01-01", "2022-12-31", freq="D", tz="UTC")
    error = np.where(times.month.isin([6, 7, 8]), 3.0, 1.0)
    fresh = _residuals(error).assign(time=times, data_age=0)
    late = fresh.assign(mean=2 * error, data_age=120)
    learned = learn_intervals(pd.concat([fresh, late]))
    assert _half_width(learned, "a", 1, month=7) == [3.0]
    assert _half_width(learned, "a", 1, month=1) == [1.0]
    july = np.full((1, 1), 7)
    for age, width in ((24, 6.0), (120, 6.0), (500, 6.0), (0, 3.0)):
        assert learned.half_width(["a"], july, np.array([1]), age).item() == width


def test_a_missing_observation_does_not_count() -> None:
    frame = _residuals(np.array([1.0, 2.0, np.nan]))
    assert _half_width(learn_intervals(frame), "a", 1) == [2.0]
    with pytest.raises(ForecastingError, match="no forecast has its observation"):
        learn_intervals(_residuals(np.array([np.nan])))


@settings(deadline=None, max_examples=25)  # a busy machine is not a failure
@given(st.integers(0, 10_000))
def test_exchangeable_days_are_covered(seed: int) -> None:
    errors = np.random.default_rng(seed).standard_t(4, size=8000)
    learned = learn_intervals(_residuals(errors[:4000]))
    (half,) = _half_width(learned, "a", 1)
    assert np.mean(np.abs(errors[4000:]) <= half) == pytest.approx(0.90, abs=0.04)


def test_a_calibrated_forecaster_covers_days_to_come(history: pd.DataFrame) -> None:
    bounds = [pd.Timestamp(day, tz="UTC") for day in ("2021-01-10", "2021-04-01", "2021-06-01")]
    model = make_forecaster("ridge", {}, max_lead=MAX_LEAD, seed=0)
    model.fit(history[history["time"] < bounds[0]])
    leads = range(1, MAX_LEAD + 1)
    model.intervals = learn_intervals(backtest(model, history, bounds[0], bounds[1], leads))
    later = backtest(model, history, bounds[1], bounds[2], leads)
    inside = later["observed"].between(later["lower"], later["upper"])[later["observed"].notna()]
    assert 0.80 < inside.mean() < 0.97
    width = (later["upper"] - later["lower"]).groupby(later["lead"]).mean()
    assert width[1] < width[8]


def test_fitting_again_drops_the_old_intervals(training: pd.DataFrame) -> None:
    model = make_forecaster("climatology", {}, max_lead=8, seed=0).fit(training)
    model.intervals = learn_intervals(_residuals(np.ones(5), "east"))
    assert model.fit(training).intervals is None


START, END = pd.Timestamp("2021-04-01", tz="UTC"), pd.Timestamp("2021-04-03", tz="UTC")


def test_origins_are_the_midnights_before_the_end() -> None:
    found = daily_origins(START + pd.Timedelta("1h"), END + pd.Timedelta("1D"))
    assert found.strftime("%Y-%m-%d %H").tolist() == ["2021-04-02 00", "2021-04-03 00"]
    with pytest.raises(ForecastingError, match="No midnight lies in"):
        daily_origins(END, END)


def test_targets_at_or_after_the_end_are_left_out(
    fitted: dict[str, PanelForecaster], history: pd.DataFrame
) -> None:
    table = backtest(fitted["climatology"], history, START, END, range(1, 13))
    assert table["time"].max() == END - pd.Timedelta("3h")
    first = table[(table["location"] == "east") & (table["as_of"] == START)]
    assert first["lead"].tolist() == list(range(1, 13))
    last = table[(table["location"] == "east") & (table["as_of"] == END - pd.Timedelta("1D"))]
    assert last["lead"].tolist() == list(range(1, 9))


def test_observed_is_the_temperature_of_the_target(
    fitted: dict[str, PanelForecaster], history: pd.DataFrame
) -> None:
    holed = history.copy()
    gone = (holed["location"] == "west") & (holed["time"] == START)
    holed.loc[gone, "temperature_2m"] = float("nan")
    table = backtest(fitted["same_hour_yesterday"], holed, START, END, [1, 2])
    truth = holed.set_index(["location", "time"])["temperature_2m"]
    for row in table.itertuples():
        assert row.observed == pytest.approx(truth[row.location, row.time], nan_ok=True)
    assert table["observed"].isna().sum() == 1


def test_baselines_say_what_they_are(
    fitted: dict[str, PanelForecaster], history: pd.DataFrame
) -> None:
    truth = history[history["location"] == "east"].set_index("time")["temperature_2m"].copy()
    holed = history.copy()
    gone = (holed["time"] == START - pd.Timedelta("24h")) & (holed["location"] == "east")
    holed.loc[gone, "temperature_2m"] = float("nan")
    origins = pd.DatetimeIndex([START])
    east = {
        name: fitted[name].predict(holed, origins, [1, 2, 9]).query("location == 'east'")["mean"]
        for name in ("persistence", "same_hour_yesterday")
    }
    assert east["persistence"].tolist() == [truth[START - pd.Timedelta("3h")]] * 3
    two_days = truth[START - pd.Timedelta("48h")]  # yesterday's midnight is missing
    next_step = truth[START - pd.Timedelta("21h")]
    assert east["same_hour_yesterday"].tolist() == [two_days, next_step, two_days]
