"""Backtests: which origins, which targets, beside what."""

import pandas as pd
import pytest

from triptych.forecasting.errors import ForecastingError
from triptych.forecasting.evaluation.backtest import backtest, daily_origins
from triptych.forecasting.models.base import PanelForecaster

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
