"""3-hour steps and the forecasters' history: by hand, and against pandas."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from triptych.weather.steps import hours_to_history, to_three_hours
from triptych.weather.variables import VARIABLES

NAN = float("nan")


def hourly(start: str, temperatures: list[float], **columns: list[float]) -> pd.DataFrame:
    time = pd.date_range(start, periods=len(temperatures), freq="h", tz="UTC", unit="us")
    values = {"temperature_2m": np.array(temperatures, dtype=float), **columns}
    return pd.DataFrame({"location": "paris", "time": time, **values, "interpolated": False})


def test_the_step_of_00h_is_the_mean_of_00_01_and_02() -> None:
    steps = to_three_hours(hourly("2019-07-14", [10, 11, 15, 20, 20, 23]))

    times = pd.DatetimeIndex(["2019-07-14T00:00Z", "2019-07-14T03:00Z"]).as_unit("us")
    expected = pd.DataFrame({
        "location": "paris", "time": times, "temperature_2m": [12.0, 21.0],
        "hours_observed": [3, 3], "hours_interpolated": [0, 0],
    })  # fmt: skip
    pd.testing.assert_frame_equal(steps, expected)


def test_precipitation_is_summed_and_wind_averaged_as_components() -> None:
    table = hourly(
        "2019-07-14", [10] * 9, precipitation=[0.1, 0.2, 0.4, 0, 0, 0, 1, 1, NAN],
        wind_speed_10m=[3, 3, 3, 10, 20, 10, 6, 6, 6],
        wind_direction_10m=[350, 0, 10, 90, 180, 90, 0, 120, 240],
    )  # fmt: skip

    steps = to_three_hours(table)

    np.testing.assert_allclose(steps["precipitation"], [0.7, 0, NAN])
    # 10 from the east twice and 20 from the south: 135°; three even thirds are a calm
    np.testing.assert_allclose(steps["wind_direction_10m"] % 360, [0, 135, NAN], atol=1e-9)
    speeds = [1 + 2 * np.cos(np.radians(10)), np.hypot(20, 20) / 3, 0]
    np.testing.assert_allclose(steps["wind_speed_10m"], speeds, atol=1e-9)


def test_a_missing_hour_is_a_missing_step_of_that_variable_only() -> None:
    steps = to_three_hours(hourly("2019-07-14", [10, NAN, 12], cloud_cover=[30, 60, 90]))

    assert np.isnan(steps["temperature_2m"].iloc[0])
    assert steps["cloud_cover"].iloc[0] == 60
    assert steps["hours_observed"].iloc[0] == 2


def test_observed_and_interpolated_hours_are_counted() -> None:
    table = hourly("2019-07-14", [10, 11, 12, NAN, 12, 13])
    table["interpolated"] = [False, True, True, False, False, True]

    steps = to_three_hours(table)

    assert steps["hours_observed"].tolist() == [1, 1]
    assert steps["hours_interpolated"].tolist() == [2, 1]


def test_a_last_step_without_all_its_hours_is_left_out_and_a_first_one_has_no_value() -> None:
    steps = to_three_hours(hourly("2019-07-14T01:00", [11, 12, 13, 14, 15, 16, 17]))

    assert list(steps["time"].dt.hour) == [0, 3]
    np.testing.assert_allclose(steps["temperature_2m"], [NAN, 14])
    assert steps["hours_observed"].tolist() == [2, 3]
    assert to_three_hours(hourly("2019-07-14", [1, 2])).empty
    assert to_three_hours(hourly("2019-07-14", [])).empty


def test_history_has_the_hours_of_each_step_and_the_place() -> None:
    paris = hourly("2019-07-14", [1, 2, 3, 4, 5, 6])
    brest = hourly("2019-07-14", [7, 8, 9, 10, NAN, 12]).assign(location="brest")
    table = pd.concat([paris, brest])
    places = pd.DataFrame(
        {"location": ["paris", "brest"], "latitude": [48.75, 48.5], "longitude": [2.25, -4.5]}
    )

    history = hours_to_history(places, 0, table)

    assert list(history.columns) == [
        "location", "time", *VARIABLES,
        "temperature_2m_h0", "temperature_2m_h1", "temperature_2m_h2",
        "latitude", "longitude",
    ]  # fmt: skip
    assert list(history["location"]) == ["brest", "brest", "paris", "paris"]
    np.testing.assert_allclose(history["temperature_2m"], [8, NAN, 2, 5])
    np.testing.assert_allclose(history["temperature_2m_h0"], [7, 10, 1, 4])
    np.testing.assert_allclose(history["temperature_2m_h1"], [8, NAN, 2, 5])
    np.testing.assert_allclose(history["temperature_2m_h2"], [9, 12, 3, 6])
    assert history["cloud_cover"].isna().all()
    assert list(history["latitude"]) == [48.5, 48.5, 48.75, 48.75]
    assert list(history["longitude"]) == [-4.5, -4.5, 2.25, 2.25]


@settings(deadline=None)
@given(
    st.integers(0, 23),
    st.lists(st.one_of(st.just(NAN), st.integers(0, 360).map(float)), min_size=1, max_size=30),
)
def test_agrees_with_pandas(first_hour: int, values: list[float]) -> None:
    table = hourly(f"2019-07-14T{first_hour:02}:00", values, precipitation=values)

    steps = to_three_hours(table)

    for name, how in (("temperature_2m", "mean"), ("precipitation", "sum")):
        series = table.set_index("time")[name].resample("3h")
        expected = series.agg(how).where(series.count() == 3)
        whole = expected.index + pd.Timedelta(hours=2) <= table["time"].max()
        np.testing.assert_allclose(steps[name], expected[whole], atol=1e-6)
        assert list(steps["time"]) == list(expected.index[whole])
