"""The leak rule of NWP forecasts, and their 3-hour means."""

import pandas as pd
import pytest

from triptych.forecasting.features.nwp import nwp_column, usable_lead_day
from triptych.weather.steps import with_nwp

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
         "lead_day": 1, "temperature_2m": [1.0, 2.0, 6.0, 4.0, 5.0, 6.0]}
    )  # fmt: skip
    rows = pd.concat([hours, hours.assign(lead_day=2).drop(index=4)])
    known = pd.DataFrame(
        {"location": "budva", "time": [T], "temperature_2m": 4.0, "latitude": 42.3,
         "longitude": 18.8}
    )  # fmt: skip

    history = with_nwp(known, rows)

    assert history[nwp_column("gfs_global", 1)].tolist() == [3.0, 5.0]
    assert history[nwp_column("gfs_global", 2)].fillna(-1).tolist() == [3.0, -1]  # an hour missing
    assert history["temperature_2m"].isna().tolist() == [False, True]
    assert history["latitude"].tolist() == [42.3, 42.3]
    assert with_nwp(known, rows.iloc[:0]) is known
    none = with_nwp(known, rows[:2])
    assert none["temperature_2m"].tolist() == [4.0]
